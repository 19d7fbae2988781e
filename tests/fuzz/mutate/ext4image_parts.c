// SPDX-License-Identifier: Apache-2.0
#include "ext4image.h"

#include <string.h>
#include <sys/stat.h>

enum { MOST_GROUPS = 32, MOST_INODES = 4096, MOST_DEPTH = 5, MOST_LENGTH = 1024, COPIES = 2, OLD_INODE = 128 };

static bool add_part(struct image *image, struct part part)
{
    if (!part.size || !in_image(image, part.at, part.size) || image->count == MOST_PARTS)
        return false;
    image->parts[image->count++] = part;
    return true;
}

/* A block of an inode's file or tree. The byte offset of the block; 0: it does not lie in the image. */
static size_t add_block(struct image *image, enum kind kind, const struct lt_ext4_inode *inode, uint64_t logical,
                        uint64_t block)
{
    size_t size = image->ext4.block_size;
    struct part part = {kind, inode->ino, inode->generation, logical, (size_t)block * size, size};
    return block && block < image->size / size && add_part(image, part) ? part.at : 0;
}

static enum kind kind_of(const struct image *image, const struct lt_ext4_inode *inode)
{
    if (inode->ino == image->ext4.journal_inode)
        return JOURNAL;
    if (inode->ino == image->ext4.orphan_file && image->ext4.compat & LT_EXT4_COMPAT_ORPHAN_FILE)
        return ORPHANS;
    return S_ISDIR(inode->mode) ? DIRECTORY : CONTENT;
}

/* Of the journal only blocks that are in use are parts; most are zeros. Of other files' contents the first will do. */
static void add_content(struct image *image, const struct lt_ext4_inode *inode, uint64_t logical, uint64_t block,
                        uint64_t count)
{
    enum kind kind = kind_of(image, inode);
    count = count < MOST_LENGTH ? count : MOST_LENGTH;
    for (uint64_t i = 0; i < count && image->count < MOST_PARTS; i++) {
        uint64_t at = (block + i) * image->ext4.block_size;
        if (block + i >= image->size / image->ext4.block_size)
            return;
        if (kind == JOURNAL && logical + i < MOST_JOURNAL)
            image->journal[logical + i] = (size_t)at;
        if (kind != JOURNAL || le(image, (size_t)at, 8))
            add_block(image, kind, inode, logical + i, block + i);
        if (kind == CONTENT)
            return;
    }
}

static void walk_extents(struct image *image, const struct lt_ext4_inode *inode, const uint8_t *node, size_t size,
                         unsigned levels)
{
    enum { MAGIC = 0xF30A, ENTRY = 12, UNWRITTEN = 32768 };
    size_t entries = (size_t)get_number(node + 2, 2, false), depth = (size_t)get_number(node + 6, 2, false);
    if (get_number(node, 2, false) != MAGIC || !levels)
        return;
    for (size_t i = 0; i < entries && (i + 2) * ENTRY <= size && image->count < MOST_PARTS; i++) {
        const uint8_t *entry = node + (i + 1) * ENTRY;
        uint64_t logical = get_number(entry, 4, false), length = get_number(entry + 4, 2, false);
        uint64_t below = get_number(entry + 4, 4, false) | get_number(entry + 8, 2, false) << 32;
        size_t at = depth ? add_block(image, EXTENT_NODE, inode, logical, below) : 0;
        if (at)
            walk_extents(image, inode, image->bytes + at, image->ext4.block_size, levels - 1);
        if (!depth)
            add_content(image, inode, logical, get_number(entry + 8, 4, false) | get_number(entry + 6, 2, false) << 32,
                        length > UNWRITTEN ? length - UNWRITTEN : length);
    }
}

/* Blocks whose numbers stand at `numbers`. With levels these are blocks of numbers again. The first block of the file
 * behind them. */
static uint64_t walk_map(struct image *image, const struct lt_ext4_inode *inode, const uint8_t *numbers, size_t count,
                         uint64_t logical, unsigned levels)
{
    size_t per_block = image->ext4.block_size / 4;
    for (size_t i = 0; i < count && image->count < MOST_PARTS; i++) {
        uint64_t block = get_number(numbers + 4 * i, 4, false), span = 1;
        for (unsigned level = 0; level < levels; level++)
            span *= per_block;
        size_t at = levels && block ? add_block(image, BLOCK_MAP, inode, logical, block) : 0;
        if (at)
            walk_map(image, inode, image->bytes + at, per_block, logical, levels - 1);
        if (!levels && block)
            add_content(image, inode, logical, block, 1);
        logical += span;
    }
    return logical;
}

static void add_contents(struct image *image, const struct lt_ext4_inode *inode)
{
    enum { DIRECT = 12 };
    bool has_blocks =
        S_ISREG(inode->mode) || S_ISDIR(inode->mode) || (S_ISLNK(inode->mode) && inode->size >= LT_EXT4_FAST_LINK);
    add_block(image, ATTRIBUTES, inode, inode->xattr_block, inode->xattr_block);
    if (!has_blocks || inode->flags & LT_EXT4_INLINE_FL)
        return;
    if (inode->flags & LT_EXT4_EXTENTS_FL) {
        walk_extents(image, inode, inode->body, sizeof inode->body, MOST_DEPTH);
        return;
    }
    uint64_t logical = walk_map(image, inode, inode->body, DIRECT, 0, 0);
    for (unsigned i = 0; i < 3; i++)
        logical = walk_map(image, inode, inode->body + 4 * (size_t)(DIRECT + i), 1, logical, i + 1);
}

/* Inodes that were ever in use. */
static void add_inodes(struct image *image, uint64_t group, uint64_t table, unsigned *left)
{
    static const uint8_t zeros[OLD_INODE] = {0};
    size_t size = image->ext4.inode_size, count = image->ext4.inodes_per_group;
    if (table >= image->size / image->ext4.block_size)
        return;
    for (size_t i = 0; i < count && *left; i++, (*left)--) {
        size_t at = (size_t)table * image->ext4.block_size + i * size;
        if (!in_image(image, at, size))
            return;
        if (!memcmp(image->bytes + at, zeros, sizeof zeros))
            continue;
        struct lt_ext4_inode inode;
        uint32_t ino = (uint32_t)(group * count + i + 1);
        lt_ext4_layout(&image->ext4, (struct lt_cursor){.ptr = image->bytes + at, .len = size}, ino, &inode);
        add_part(image, (struct part){INODE_RECORD, ino, inode.generation, group, at, size});
        add_contents(image, &inode);
    }
}

static void add_copies(struct image *image, uint64_t group)
{
    uint64_t at;
    for (unsigned i = 0; i < COPIES && lt_ext4_desc_copy(&image->ext4, group, i, &at); i++)
        add_part(image, (struct part){DESCRIPTOR, 0, 0, group, (size_t)at, image->ext4.desc_size});
    uint64_t start = lt_ext4_group_start(&image->ext4, group);
    if (group && lt_ext4_has_super(&image->ext4, group) && start < image->size / image->ext4.block_size)
        add_part(image,
                 (struct part){SUPERBLOCK, 0, 0, group, (size_t)start * image->ext4.block_size, LT_EXT4_SUPER_SIZE});
}

static void add_group(struct image *image, uint64_t group, unsigned *inodes_left)
{
    const struct lt_ext4 *ext4 = &image->ext4;
    size_t size = ext4->block_size;
    uint64_t at = lt_ext4_desc_offset(ext4, (uint32_t)group * ext4->inodes_per_group + 1);
    struct lt_ext4_group found;
    if (!add_part(image, (struct part){DESCRIPTOR, 0, 0, group, (size_t)at, ext4->desc_size}))
        return;
    lt_ext4_group(ext4, (struct lt_cursor){.ptr = image->bytes + at, .len = ext4->desc_size}, group, &found);
    if (found.block_bitmap < image->size / size)
        add_part(image, (struct part){BLOCK_BITMAP, 0, 0, group, (size_t)found.block_bitmap * size, size});
    if (found.inode_bitmap < image->size / size)
        add_part(image, (struct part){INODE_BITMAP, 0, 0, group, (size_t)found.inode_bitmap * size, size});
    add_copies(image, group);
    add_inodes(image, group, found.inode_table, inodes_left);
}

void find_parts(struct image *image)
{
    struct lt_err err = {0};
    unsigned inodes_left = MOST_INODES;
    image->count = 0;
    image->ext4 = (struct lt_ext4){0};
    memset(image->journal, 0, sizeof image->journal);
    if (!add_part(image, (struct part){SUPERBLOCK, 0, 0, 0, LT_EXT4_SUPER_OFFSET, LT_EXT4_SUPER_SIZE}))
        return;
    struct lt_cursor super = {.ptr = image->bytes + LT_EXT4_SUPER_OFFSET, .len = LT_EXT4_SUPER_SIZE};
    if (lt_ext4_super(super, &image->ext4, &err) != LT_OK)
        return;
    uint64_t groups = lt_ext4_groups(&image->ext4);
    for (uint64_t group = 0; group < groups && group < MOST_GROUPS; group++)
        add_group(image, group, &inodes_left);
}
