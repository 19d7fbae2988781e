// SPDX-License-Identifier: Apache-2.0
/* A superblock (1024 bytes), a group descriptor (64) and an inode (the rest), all hostile. The times are compared with
 * a second decoder, written from the table of the documentation instead of from the kernel's arithmetic. */
#include "evidence/ext4/layout.h"

#include "fuzz.h"

#include <sys/stat.h>

static uint32_t word(const uint8_t *bytes, size_t at)
{
    return (uint32_t)(bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16) | (uint32_t)bytes[at + 3] << 24;
}

/* Documentation/filesystems/ext4: which 2^31 seconds wide window a pair of epoch bits and sign bit means. */
static struct lt_time expected_time(const uint8_t *inode, size_t base, size_t extra, size_t end)
{
    static const int64_t window[4][2] = {
        {0, -0x80000000LL}, {0x100000000, 0x80000000}, {0x200000000, 0x180000000}, {0x300000000, 0x280000000}};
    uint32_t low = word(inode, base), high = extra + 4 <= end ? word(inode, extra) : 0;
    if (high / 4 >= 1000000000)
        return (struct lt_time){0};
    return lt_time_at(window[high % 4][low >> 31] + (low & 0x7FFFFFFF), high / 4);
}

static void check_time(struct lt_time got, struct lt_time expected)
{
    PROMISE(got.set == expected.set);
    PROMISE(!got.set || lt_time_cmp(got, expected) == 0);
}

static void check_inode(const uint8_t *inode, size_t size)
{
    struct lt_node node = {0};
    struct lt_err err = {0};
    bool bad_time = false;
    enum lt_status status = lt_ext4_inode((struct lt_cursor){.ptr = inode, .len = size}, &node, &bad_time, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    if (status != LT_OK)
        return;
    size_t end = size > 128 ? 128 + (size_t)(inode[0x80] | inode[0x81] << 8) : 128;
    end = end > size ? 128 : end;
    check_time(node.time[LT_A], expected_time(inode, 0x08, 0x8C, end));
    check_time(node.time[LT_C], expected_time(inode, 0x0C, 0x84, end));
    check_time(node.time[LT_M], expected_time(inode, 0x10, 0x88, end));
    check_time(node.time[LT_B], 0x94 <= end ? expected_time(inode, 0x90, 0x94, end) : (struct lt_time){0});
    PROMISE((node.mode & S_IFMT) != 0 && node.mode <= 0xFFFF);
    PROMISE(node.major <= 0xFFF && node.minor <= 0xFFFFF);
    PROMISE(!node.target.len || (node.target.len < LT_EXT4_FAST_LINK && node.target.ptr == (const char *)inode + 0x28));
}

static void check_group(const struct lt_ext4 *ext4, const uint8_t *desc, size_t size)
{
    const uint32_t some[] = {1, 2, ext4->inodes_per_group, ext4->inodes / 2, ext4->inodes};
    PROMISE(ext4->inode_size >= 128 && ext4->inode_size <= LT_EXT4_MAX_INODE && ext4->inode_size <= ext4->block_size);
    PROMISE(ext4->desc_size >= 32 && ext4->desc_size <= ext4->block_size);
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        if (!some[i] || some[i] > ext4->inodes)
            continue;
        PROMISE(lt_ext4_desc_offset(ext4, some[i]) % ext4->desc_size == 0);
        PROMISE(lt_ext4_inode_offset(ext4, (struct lt_cursor){.ptr = desc, .len = size}, some[i]) % ext4->inode_size ==
                0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { SUPER = LT_EXT4_SUPER_SIZE, DESC = 64 };
    size_t super_size = size < SUPER ? size : SUPER;
    struct lt_ext4 ext4;
    struct lt_err err = {0};
    enum lt_status status = lt_ext4_super((struct lt_cursor){.ptr = data, .len = super_size}, &ext4, &err);
    PROMISE(status == LT_OK || ((status == LT_SKIP || status == LT_END) && err.set));
    size_t desc_size = size - super_size < DESC ? size - super_size : DESC;
    if (status == LT_OK)
        check_group(&ext4, data + super_size, desc_size);
    check_inode(data + super_size + desc_size, size - super_size - desc_size);
    return 0;
}
