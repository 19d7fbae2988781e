// SPDX-License-Identifier: Apache-2.0
/* A superblock of XFS, and with it the head of an AG's inodes and an inode, all hostile. What they say of places is in
 * the file system, and the forks of an inode are in its bytes.
 *
 * Input: a byte of options, the number of an inode (8 bytes), the superblock (512 bytes), the rest. */
#include "evidence/xfs/layout.h"

#include "fuzz.h"

#include <string.h>

enum { SECTOR = 512, AGI = 1, KNOWN = 2 };

static const struct lt_xfs known = {.v5 = true,
                                    .block_size = 4096,
                                    .sector_size = SECTOR,
                                    .inode_size = 512,
                                    .dir_block_size = 4096,
                                    .block_log = 12,
                                    .inode_log = 9,
                                    .inopb_log = 3,
                                    .ag_log = 14,
                                    .ag_blocks = 10000,
                                    .ag_count = 3,
                                    .blocks = 29000};

static void check_places(const struct lt_xfs *xfs, uint64_t ino)
{
    uint64_t place, size = xfs->blocks << xfs->block_log;
    if (lt_xfs_ino_place(xfs, ino, &place)) {
        PROMISE(place <= size - xfs->inode_size && place % xfs->inode_size == 0);
        PROMISE(lt_xfs_ino(xfs, (uint32_t)lt_xfs_ino_ag(xfs, ino), lt_xfs_ino_in_ag(xfs, ino)) == ino);
    }
    if (lt_xfs_block_place(xfs, ino, &place))
        PROMISE(place <= size - xfs->block_size && place % xfs->block_size == 0);
    uint64_t sum = (uint64_t)(xfs->ag_count - 1) * xfs->ag_blocks + lt_xfs_ag_blocks(xfs, xfs->ag_count - 1);
    PROMISE(sum == xfs->blocks && !lt_xfs_ag_blocks(xfs, xfs->ag_count));
}

static void check_super(const struct lt_xfs *xfs)
{
    PROMISE(xfs->block_size >= 512 && xfs->block_size <= LT_XFS_MAX_BLOCK && xfs->dir_block_size <= LT_XFS_MAX_BLOCK);
    PROMISE(xfs->inode_size >= 256 && xfs->inode_size <= LT_XFS_MAX_INODE && xfs->inode_size <= xfs->block_size);
    PROMISE(xfs->sector_size <= LT_XFS_MAX_SECTOR && xfs->block_size % xfs->sector_size == 0);
    PROMISE(xfs->dir_block_size % xfs->block_size == 0 && xfs->ag_count);
}

static void check_fork(const struct lt_xfs_fork *fork, struct lt_cursor bytes)
{
    PROMISE(!fork->bytes.len || (fork->bytes.ptr >= bytes.ptr && fork->bytes.len <= bytes.len &&
                                 fork->bytes.ptr + fork->bytes.len <= bytes.ptr + bytes.len));
}

static void check_inode(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino)
{
    struct lt_xfs_inode inode;
    struct lt_err err = {0};
    enum lt_status status = lt_xfs_inode(xfs, bytes, ino, &inode, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    if (status != LT_OK)
        return;
    check_fork(&inode.data, bytes);
    check_fork(&inode.attr, bytes);
    PROMISE(!inode.attr.bytes.len || inode.attr.bytes.ptr == inode.data.bytes.ptr + inode.data.bytes.len);
    PROMISE(xfs->v5 || !inode.time[LT_B].set);
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        PROMISE(inode.time[slot].nsec < 1000000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input);
    uint64_t ino = take_number(&input, 8);
    struct lt_xfs xfs;
    struct lt_err err = {0};
    struct lt_str rest = take_rest(&input);
    size_t head = rest.len < SECTOR ? rest.len : SECTOR;
    enum lt_status status =
        lt_xfs_super((struct lt_cursor){.ptr = (const unsigned char *)rest.ptr, .len = head}, &xfs, &err);
    PROMISE(status == LT_OK || ((status == LT_END || status == LT_SKIP) && err.set));
    if (status == LT_OK)
        check_super(&xfs);
    else
        xfs = known;
    check_places(&xfs, ino);
    rest = lt_str_skip(rest, options & KNOWN ? 0 : head);
    struct lt_cursor bytes = {.ptr = (const unsigned char *)rest.ptr, .len = rest.len};
    struct lt_xfs_agi agi;
    if (!(options & AGI))
        check_inode(&xfs, bytes, ino);
    else
        PROMISE(lt_xfs_agi(&xfs, bytes, &agi, NULL) != LT_OK || bytes.len >= 296);
    return 0;
}
