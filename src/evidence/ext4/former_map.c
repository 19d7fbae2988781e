// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/former_map.h"

#include "evidence/ext4/map.h"

#include <stdlib.h>

enum { NODE_MAGIC = 0xF30A, ROOT_ENTRIES = 4, ENTRY = 12 };

/* Which version of a node comes first. The one of that time is right. But a journal that has lost its older copies may
 * show a later one, and then what lies in place is right. */
enum order { THEN_FIRST, HOME_FIRST, ORDERS };

/* A map that is being read. */
struct walk {
    const struct lt_ext4_history *history;
    const struct lt_ext4_inode *inode;
    uint32_t sequence;
    enum order order;
    struct lt_arena arena; /* of the nodes on the way down */
    struct lt_ext4_pieces *out;
    uint64_t blocks, most; /* so far, and how many there can be */
    bool broken;
};

static void add_piece(struct walk *walk, const struct lt_ext4_piece *piece)
{
    const struct lt_ext4 *super = &walk->history->volume->super;
    struct lt_ext4_pieces *out = walk->out;
    if (piece->block < super->first_data_block || piece->block >= super->blocks ||
        piece->count > super->blocks - piece->block || piece->count > walk->most - walk->blocks) {
        walk->broken = true;
        return;
    }
    walk->blocks += piece->count;
    struct lt_ext4_piece *last = out->count ? &out->items[out->count - 1] : NULL;
    if (last && !piece->node && !last->node && piece->unwritten == last->unwritten &&
        piece->logical == last->logical + last->count && piece->block == last->block + last->count &&
        walk->blocks > piece->count) {
        last->count += piece->count;
        return;
    }
    if (!out->items || out->count == out->cap) {
        out->cap = out->cap ? out->cap * 2 : 256;
        out->items = lt_realloc(out->items, lt_array_size(out->cap, sizeof *out->items));
    }
    out->items[out->count++] = *piece;
}

/* --- versions of a node --- */

/* Can this be the node? */
typedef bool fits_node(const struct walk *walk, struct lt_cursor node, int depth);

static bool try_copy(const struct walk *walk, const struct lt_ext4_copy *copy, fits_node *fits, int depth,
                     unsigned char *out)
{
    uint32_t size = walk->history->volume->super.block_size;
    return copy && lt_history_read(walk->history, copy, out) &&
           fits(walk, (struct lt_cursor){.ptr = out, .len = size}, depth);
}

/* The node in `block` as it was then. False: no version of it fits. */
static bool find_node(const struct walk *walk, uint64_t block, fits_node *fits, int depth, unsigned char *out)
{
    const struct lt_ext4_history *history = walk->history;
    const struct lt_ext4_copy home = lt_history_home(history, block);
    const struct lt_ext4_copy *then = lt_history_at(history, block, walk->sequence);
    if (walk->order == THEN_FIRST && try_copy(walk, then, fits, depth, out))
        return true;
    if (block < lt_volume_blocks(history->volume) && try_copy(walk, &home, fits, depth, out))
        return true;
    for (size_t at = lt_history_find(history, block); at < history->copy_count && history->copies[at].block == block;
         at++)
        if (try_copy(walk, &history->copies[at], fits, depth, out))
            return true;
    return false;
}

/* --- extents --- */

/* A leaf without entries tells nothing, and an empty one is never written. */
static bool fits_extents(const struct walk *walk, struct lt_cursor node, int depth)
{
    struct lt_ext4_node head;
    const struct lt_ext4 *super = &walk->history->volume->super;
    uint32_t seed = lt_ext4_inode_seed(super, walk->inode->ino, walk->inode->generation);
    return lt_ext4_node(node, depth, &head, NULL) == LT_OK && head.count && !lt_ext4_extent_damaged(super, node, seed);
}

static void walk_extents(struct walk *walk, struct lt_cursor node, int depth);

static void walk_below(struct walk *walk, uint64_t block, int depth) // NOLINT(misc-no-recursion): the depth falls
{
    uint32_t size = walk->history->volume->super.block_size;
    unsigned char *bytes = lt_arena_alloc(&walk->arena, size);
    if (!find_node(walk, block, fits_extents, depth, bytes)) {
        walk->broken = true;
        return;
    }
    add_piece(walk, &(struct lt_ext4_piece){.block = block, .count = 1, .node = true});
    walk_extents(walk, (struct lt_cursor){.ptr = bytes, .len = size}, depth);
}

static void walk_extents(struct walk *walk, struct lt_cursor node, int depth) // NOLINT(misc-no-recursion)
{
    struct lt_ext4_node entries;
    walk->broken |= lt_ext4_node(node, depth, &entries, NULL) != LT_OK;
    for (unsigned i = 0; i < entries.count && walk->blocks < walk->most; i++) {
        struct lt_ext4_extent extent = lt_ext4_extent(&entries, i);
        if (entries.depth)
            walk_below(walk, extent.block, (int)entries.depth - 1);
        else
            add_piece(walk,
                      &(struct lt_ext4_piece){extent.logical, extent.block, extent.count, extent.unwritten, false});
    }
}

/* --- maps of block numbers --- */

static bool fits_numbers(const struct walk *walk, struct lt_cursor node, int depth)
{
    bool any = false;
    (void)depth;
    for (size_t at = 0; at + 4 <= node.len; at += 4) {
        uint32_t number = lt_le32(&node, at);
        any |= number != 0;
        if (number >= walk->history->volume->super.blocks)
            return false;
    }
    return any;
}

/* The numbers of one block; below each are `levels` more, and it stands for `span` blocks of the file. */
static void walk_numbers(struct walk *walk, struct lt_cursor numbers, // NOLINT(misc-no-recursion): the levels fall
                         uint64_t logical, unsigned levels, uint64_t span)
{
    uint32_t size = walk->history->volume->super.block_size;
    for (size_t at = 0; at + 4 <= numbers.len && walk->blocks < walk->most; at += 4, logical += span) {
        uint32_t number = lt_le32(&numbers, at);
        if (!number)
            continue;
        if (!levels) {
            add_piece(walk, &(struct lt_ext4_piece){.logical = logical, .block = number, .count = 1});
            continue;
        }
        unsigned char *bytes = lt_arena_alloc(&walk->arena, size);
        if (!find_node(walk, number, fits_numbers, 0, bytes)) {
            walk->broken = true;
            continue;
        }
        add_piece(walk, &(struct lt_ext4_piece){.block = number, .count = 1, .node = true});
        walk_numbers(walk, (struct lt_cursor){.ptr = bytes, .len = size}, logical, levels - 1, span / (size / 4));
    }
}

static void walk_map(struct walk *walk)
{
    enum { NUMBER = 4, LEVELS = 3 };
    struct lt_cursor root = {.ptr = walk->inode->body, .len = sizeof walk->inode->body};
    uint64_t per_block = walk->history->volume->super.block_size / NUMBER, span = 1, logical = LT_EXT4_DIRECT;
    if (walk->inode->flags & LT_EXT4_EXTENTS_FL) {
        walk_extents(walk, root, -1);
        return;
    }
    walk_numbers(walk, (struct lt_cursor){.ptr = root.ptr, .len = (size_t)LT_EXT4_DIRECT * NUMBER}, 0, 0, 1);
    for (unsigned level = 1; level <= LEVELS; level++) {
        const unsigned char *number = root.ptr + ((size_t)LT_EXT4_DIRECT + level - 1) * NUMBER;
        walk_numbers(walk, (struct lt_cursor){.ptr = number, .len = NUMBER}, logical, level, span * per_block);
        span *= per_block;
        logical += span;
    }
}

/* --- the whole --- */

static bool try_map(struct walk *walk)
{
    const struct lt_ext4_inode *inode = walk->inode;
    walk->blocks = 0;
    walk->broken = false;
    if (inode->xattr_block)
        add_piece(walk, &(struct lt_ext4_piece){.block = inode->xattr_block, .count = 1, .node = true});
    walk_map(walk);
    lt_arena_free(&walk->arena);
    return !walk->broken && (walk->blocks == inode->blocks || walk->history->volume->super.cluster_blocks > 1);
}

bool lt_former_map(const struct lt_ext4_history *history, const struct lt_ext4_inode *inode, uint32_t sequence,
                   struct lt_ext4_pieces *out)
{
    size_t start = out->count;
    uint64_t there = lt_volume_blocks(history->volume);
    for (enum order order = THEN_FIRST; order < ORDERS; order++) {
        struct walk walk = {history, inode, sequence, order, {0}, out, 0, there, false};
        out->count = start;
        if (history->volume->super.cluster_blocks == 1 && inode->blocks < there)
            walk.most = inode->blocks + 1; /* one more than there may be shows that there are too many */
        if (try_map(&walk))
            return true;
    }
    return false;
}

/* The root keeps extents in its other entries that were there before it had leaves. */
static bool leads_to_leaf(struct walk *walk, uint64_t block)
{
    unsigned char *bytes = lt_arena_alloc(&walk->arena, walk->history->volume->super.block_size);
    return find_node(walk, block, fits_extents, 0, bytes);
}

bool lt_former_leaves(const struct lt_ext4_history *history, const struct lt_ext4_inode *inode,
                      struct lt_ext4_pieces *out)
{
    struct lt_cursor root = {.ptr = inode->body, .len = sizeof inode->body};
    size_t start = out->count;
    struct walk walk = {history, inode, history->newest, HOME_FIRST, {0}, out, 0, lt_volume_blocks(history->volume),
                        false};
    if (!(inode->flags & LT_EXT4_EXTENTS_FL) || lt_le16(&root, 0) != NODE_MAGIC || lt_le16(&root, 2))
        return false;
    for (size_t entry = 0; entry < ROOT_ENTRIES && !walk.broken; entry++) {
        size_t at = ENTRY + entry * ENTRY;
        uint64_t block = lt_le32(&root, at + 4) | (uint64_t)lt_le16(&root, at + 8) << 32;
        if (block && leads_to_leaf(&walk, block))
            walk_below(&walk, block, 0);
    }
    lt_arena_free(&walk.arena);
    for (size_t i = start; i + 1 < out->count && !walk.broken; i++)
        walk.broken = !out->items[i].node && !out->items[i + 1].node &&
                      out->items[i + 1].logical < out->items[i].logical + out->items[i].count;
    return !walk.broken && out->count > start;
}

uint64_t lt_pieces_end(const struct lt_ext4_piece *pieces, size_t count)
{
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++)
        if (!pieces[i].node && pieces[i].logical + pieces[i].count > end)
            end = pieces[i].logical + pieces[i].count;
    return end;
}
