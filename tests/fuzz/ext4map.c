// SPDX-License-Identifier: Apache-2.0
/* Nodes of an extent tree and ways through a block map. A step always leads forward, and an independent search through
 * a leaf comes to the same answer.
 *
 * Input: a byte of options, the logical block (8 bytes), the node. */
#include "evidence/ext4/map.h"

#include "fuzz.h"

#include <string.h>

enum { CHECKSUMS = 1, ROOT = 2 };

struct entry {
    uint64_t first, length, block;
};

static uint64_t number(const uint8_t *bytes, size_t at, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = count; i-- > 0;)
        value = value << 8 | bytes[at + i];
    return value;
}

/* struct ext4_extent: first, length (above 32768: unwritten), high and low part of the block. */
static struct entry extent_at(const uint8_t *node, size_t i)
{
    const uint8_t *at = node + 12 + i * 12;
    uint64_t length = number(at, 4, 2);
    return (struct entry){number(at, 0, 4), length > 32768 ? length - 32768 : length,
                          number(at, 6, 2) << 32 | number(at, 8, 4)};
}

/* What holds for `logical` in a leaf: an extent, or the hole before the next one. */
static void check_leaf(const uint8_t *node, uint64_t logical, const struct lt_ext4_step *step)
{
    uint64_t next = UINT64_MAX, block = 0, left = 0;
    for (size_t i = 0; i < number(node, 2, 2); i++) {
        struct entry extent = extent_at(node, i);
        if (extent.first > logical && extent.first < next)
            next = extent.first;
        if (extent.first <= logical) {
            bool inside = logical - extent.first < extent.length;
            left = inside ? extent.length - (logical - extent.first) : 0;
            block = inside ? extent.block + (logical - extent.first) : 0;
        }
    }
    PROMISE(step->block == block);
    PROMISE(step->count == (left ? left : next == UINT64_MAX ? next : next - logical));
    PROMISE(left || !step->unwritten);
}

static void check_step(struct lt_cursor node, int depth, uint64_t logical)
{
    struct lt_ext4_step step;
    struct lt_err err = {0};
    enum lt_status status = lt_ext4_extent_step(node, depth, logical, &step, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    if (status != LT_OK)
        return;
    PROMISE(step.count >= 1 && step.depth <= LT_EXT4_MAX_DEPTH && (depth < 0 || step.depth == (unsigned)depth));
    PROMISE(!step.down || step.depth);
    if (!step.depth)
        check_leaf(node.ptr, logical, &step);
    /* The answer holds to its end: one block further on it is the same one. */
    struct lt_ext4_step next;
    if (step.count > 1 && step.count != UINT64_MAX) {
        PROMISE(lt_ext4_extent_step(node, depth, logical + 1, &next, NULL) == LT_OK);
        PROMISE(next.down == step.down && next.count == step.count - 1 && next.unwritten == step.unwritten);
        PROMISE(next.block == step.block + (step.block && !step.down));
    }
}

/* Blocks of numbers, counted from the left, and what they stand for, give the logical block back. */
static void check_path(uint32_t block_size, uint64_t logical)
{
    struct lt_ext4_path path;
    struct lt_err err = {0};
    uint64_t per_block = block_size / 4, reach = 12 + per_block + per_block * per_block, back;
    enum lt_status status = lt_ext4_block_path(block_size, logical, &path, &err);
    PROMISE((status == LT_OK) == (logical < reach + per_block * per_block * per_block));
    if (status != LT_OK)
        return;
    PROMISE(path.levels <= 3 && path.root == (path.levels ? 11 + path.levels : (unsigned)logical));
    PROMISE(path.span[path.levels] == 1);
    static const uint64_t direct = 12;
    back = path.levels == 0 ? path.root : path.levels == 1 ? direct : path.levels == 2 ? direct + per_block : reach;
    for (unsigned level = 0; level < path.levels; level++) {
        PROMISE(path.index[level] < per_block && path.span[level] == path.span[level + 1] * per_block);
        back += path.index[level] * path.span[level + 1];
    }
    PROMISE(back == logical);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input);
    uint64_t logical = take_number(&input, 8);
    struct lt_str rest = take_rest(&input);
    struct lt_cursor node = {.ptr = (const unsigned char *)rest.ptr, .len = rest.len};
    const struct lt_ext4 ext4 = {.checksums = options & CHECKSUMS};
    check_step(node, options & ROOT ? -1 : options >> 5, logical >> (options & 0x10 ? 0 : 40));
    PROMISE(!lt_ext4_extent_damaged(&ext4, node, 0) || options & CHECKSUMS);
    for (uint32_t block_size = 1024; block_size <= 65536; block_size *= 2) {
        check_path(block_size, logical);
        check_path(block_size, logical >> (options >> 2 & 0x3F));
    }
    return 0;
}
