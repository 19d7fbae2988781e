// SPDX-License-Identifier: Apache-2.0
/* Extents of XFS, in a fork or in blocks of its btree. A step leads forward, and a search from the start comes to the
 * same answer.
 *
 * Input: a byte of options, the level, the count of extents (2 bytes), the logical block (8 bytes), the node. */
#include "evidence/xfs/bmap.h"

#include "fuzz.h"

enum { V5 = 1, BLOCK = 2, BTREE = 4, NEAR = 8 };

/* What holds for `logical` in a leaf: an extent, or the hole before the next one. */
static void check_leaf(const struct lt_xfs_map_node *node, uint64_t logical, const struct lt_xfs_step *step)
{
    uint64_t next = UINT64_MAX, block = 0, left = 0;
    bool unwritten = false;
    for (unsigned i = 0; i < node->count; i++) {
        struct lt_xfs_extent extent = lt_xfs_map_entry(node, i);
        PROMISE(extent.count && extent.count < 1 << 21 && extent.block < UINT64_C(1) << 52);
        if (extent.logical > logical) {
            next = extent.logical;
            break;
        }
        bool inside = logical - extent.logical < extent.count;
        left = inside ? extent.count - (logical - extent.logical) : 0;
        block = inside ? extent.block + (logical - extent.logical) : 0;
        unwritten = extent.unwritten;
    }
    PROMISE(!step->down && step->block == block && step->zeros == (!left || unwritten));
    PROMISE(step->count == (left ? left : next == UINT64_MAX ? next : next - logical));
}

static void check_node(const struct lt_xfs_map_node *node, uint64_t logical)
{
    struct lt_xfs_step step;
    PROMISE(node->keys + (size_t)node->count * (node->level ? 8 : LT_XFS_EXTENT) <= node->bytes.len);
    PROMISE(!node->level || node->pointers + (size_t)node->count * 8 <= node->bytes.len);
    lt_xfs_map_step(node, logical, &step);
    PROMISE(step.count >= 1);
    if (!node->level)
        check_leaf(node, logical, &step);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input), level = take_byte(&input);
    uint64_t extents = take_number(&input, 2), logical = take_number(&input, 8);
    struct lt_str rest = take_rest(&input);
    struct lt_cursor bytes = {.ptr = (const unsigned char *)rest.ptr, .len = rest.len};
    const struct lt_xfs xfs = {.v5 = options & V5};
    const struct lt_xfs_fork fork = {options & BTREE ? LT_XFS_BTREE : LT_XFS_EXTENTS, extents, bytes};
    struct lt_xfs_map_node node;
    struct lt_err err = {0};
    bool damaged;
    enum lt_status status = options & BLOCK ? lt_xfs_map_block(&xfs, bytes, 7, level, &node, &damaged, &err)
                                            : lt_xfs_map_root(&fork, &node, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set && !node.count));
    check_node(&node, options & NEAR ? logical >> 50 : logical);
    return 0;
}
