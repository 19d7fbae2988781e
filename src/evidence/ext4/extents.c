// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/extents.h"

#include "evidence/ext4/map.h"

/* A tree that is being checked. */
struct check {
    struct lt_ext4_volume *volume;
    const struct lt_ext4_inode *inode;
    struct lt_arena arena; /* of the nodes on the way down */
    uint64_t blocks;       /* of the tree and of the file, so far */
    bool broken;           /* more is wrong than a checksum */
    struct lt_err *err;
};

static void check_node(struct check *check, struct lt_cursor node, int depth);

static void check_below(struct check *check, uint64_t number, int depth) // NOLINT(misc-no-recursion): the depth falls
{
    const struct lt_ext4 *super = &check->volume->super;
    const struct lt_ext4_inode *inode = check->inode;
    const unsigned char *bytes = lt_volume_block(check->volume, number);
    if (!bytes) {
        check->broken = true;
        lt_fail(check->err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read block %ju of the extents of inode %u",
                (uintmax_t)number, inode->ino);
        return;
    }
    struct lt_str copy = lt_str_dup(&check->arena, (struct lt_str){(const char *)bytes, super->block_size});
    struct lt_cursor node = {.ptr = (const unsigned char *)copy.ptr, .len = copy.len};
    if (lt_ext4_extent_damaged(super, node, lt_ext4_inode_seed(super, inode->ino, inode->generation)))
        lt_fail(check->err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in block %ju of the extents of inode %u",
                (uintmax_t)number, inode->ino);
    check->blocks++;
    check_node(check, node, depth);
}

/* More blocks than the inode has end the search: a node may lead back to itself. */
static void check_node(struct check *check, struct lt_cursor node, int depth) // NOLINT(misc-no-recursion)
{
    const struct lt_ext4 *super = &check->volume->super;
    struct lt_ext4_node entries;
    check->broken |= lt_ext4_node(node, depth, &entries, check->err) != LT_OK;
    for (unsigned i = 0; i < entries.count && !check->broken && check->blocks <= check->inode->blocks; i++) {
        struct lt_ext4_extent extent = lt_ext4_extent(&entries, i);
        if (entries.depth) {
            check_below(check, extent.block, (int)entries.depth - 1);
            continue;
        }
        check->blocks += extent.count;
        check->broken |= extent.block < super->first_data_block || extent.block >= super->blocks ||
                         extent.count > super->blocks - extent.block;
    }
}

enum lt_status lt_extents_check(struct lt_ext4_volume *volume, struct lt_ext4_inode *inode, struct lt_err *err)
{
    struct lt_err problem = {0};
    struct check check = {.volume = volume, .inode = inode, .err = &problem, .blocks = inode->xattr_block != 0};
    struct lt_cursor root = {.ptr = inode->body, .len = sizeof inode->body};
    inode->trusted = false;
    if (!(inode->flags & LT_EXT4_EXTENTS_FL) || !lt_le16(&root, 6)) /* a root without nodes below has no checksum */
        return LT_OK;
    check_node(&check, root, -1);
    lt_arena_free(&check.arena);
    inode->trusted = !check.broken && check.blocks == inode->blocks && volume->super.cluster_blocks == 1;
    return problem.set ? lt_fail(err, problem.status, problem.code, 0, "%s", problem.text) : LT_OK;
}
