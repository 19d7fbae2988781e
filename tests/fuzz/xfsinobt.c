// SPDX-License-Identifier: Apache-2.0
/* A block of an inode btree. Its entries are in order, and the search finds the same as a look at each of them.
 *
 * Input: a byte of options, the level, the number of an inode in its AG (4 bytes), the block. */
#include "evidence/xfs/inobt.h"

#include "fuzz.h"

enum { V5 = 1, SPARSE = 2 };

static void check_leaf(const struct lt_xfs *xfs, const struct lt_xfs_inobt *leaf, uint32_t in_ag)
{
    unsigned wanted = leaf->count;
    uint64_t end = 0;
    for (unsigned i = 0; i < leaf->count; i++) {
        struct lt_xfs_chunk chunk = lt_xfs_inobt_chunk(xfs, leaf, i);
        PROMISE(chunk.start >= end && !(chunk.free & ~chunk.there));
        PROMISE(xfs->incompat || chunk.there == UINT64_MAX);
        end = (uint64_t)chunk.start + LT_XFS_CHUNK;
        wanted = chunk.start <= in_ag ? i : wanted;
    }
    PROMISE(lt_xfs_inobt_find(leaf, in_ag) == wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input), level = take_byte(&input);
    uint32_t in_ag = (uint32_t)take_number(&input, 4);
    struct lt_str rest = take_rest(&input);
    struct lt_cursor bytes = {.ptr = (const unsigned char *)rest.ptr, .len = rest.len};
    const struct lt_xfs xfs = {.v5 = options & V5, .incompat = options & SPARSE ? LT_XFS_INCOMPAT_SPINODES : 0};
    struct lt_xfs_inobt block;
    struct lt_err err = {0};
    enum lt_status status = lt_xfs_inobt(&xfs, bytes, 0, level, &block, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set && !block.count));
    if (!level) {
        check_leaf(&xfs, &block, in_ag);
        return 0;
    }
    unsigned at = lt_xfs_inobt_find(&block, in_ag);
    PROMISE(at <= block.count && block.pointers + (size_t)block.count * 4 <= bytes.len);
    if (at < block.count)
        (void)lt_xfs_inobt_child(&block, at);
    return 0;
}
