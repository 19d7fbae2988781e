// SPDX-License-Identifier: Apache-2.0
#include "ext4image.h"

#include <string.h>

/* All sums are CRC-32C. They start with that of the UUID, and often go over a few numbers that say where a structure
 * belongs before they go over the structure, in which the sum itself counts as zeros (linux fs/ext4, fs/jbd2). */
static uint32_t sum_number(uint32_t sum, uint64_t number, unsigned width)
{
    uint8_t bytes[8];
    put_number(bytes, width, false, number);
    return lt_crc32c(sum, bytes, width);
}

static uint32_t sum_part(const struct image *image, uint32_t sum, const struct part *part)
{
    return lt_crc32c(sum, image->bytes + part->at, part->size);
}

/* What belongs to an inode: its number and generation come first. */
static uint32_t inode_start(const struct image *image, const struct part *part)
{
    return sum_number(sum_number(image->ext4.checksum_seed, part->ino, 4), part->generation, 4);
}

static void seal_superblock(struct image *image, const struct part *part)
{
    enum { SUM = 0x3FC };
    put_number(image->bytes + part->at + SUM, 4, false, lt_crc32c(~0u, image->bytes + part->at, SUM));
}

static void seal_descriptor(struct image *image, const struct part *part)
{
    enum { SUM = 0x1E };
    uint8_t *sum = image->bytes + part->at + SUM;
    put_number(sum, 2, false, 0);
    put_number(sum, 2, false, sum_part(image, sum_number(image->ext4.checksum_seed, part->number, 4), part));
}

/* The sums of a bitmap are in its group's descriptor, which is the first that was found. */
static void seal_bitmap(struct image *image, const struct part *part)
{
    enum { BLOCKS_LOW = 0x18, INODES_LOW = 0x1A, BLOCKS_HIGH = 0x38, INODES_HIGH = 0x3A, WIDE = 64 };
    const struct lt_ext4 *ext4 = &image->ext4;
    bool inodes = part->kind == INODE_BITMAP;
    size_t bits = inodes ? ext4->inodes_per_group : ext4->blocks_per_group / ext4->cluster_blocks;
    uint32_t sum = lt_crc32c(ext4->checksum_seed, image->bytes + part->at, bits / 8);
    for (size_t i = 0; i < image->count; i++) {
        const struct part *other = &image->parts[i];
        if (other->kind != DESCRIPTOR || other->number != part->number)
            continue;
        put_number(image->bytes + other->at + (inodes ? INODES_LOW : BLOCKS_LOW), 2, false, sum);
        if (other->size >= WIDE)
            put_number(image->bytes + other->at + (inodes ? INODES_HIGH : BLOCKS_HIGH), 2, false, sum >> 16);
        return;
    }
}

static void seal_inode(struct image *image, const struct part *part)
{
    enum { OLD_INODE = 128, LOW = 0x7C, EXTRA = 0x80, HIGH = 0x82 };
    uint8_t *bytes = image->bytes + part->at;
    bool wide = part->size > OLD_INODE && get_number(bytes + EXTRA, 2, false) >= 4;
    put_number(bytes + LOW, 2, false, 0);
    if (wide)
        put_number(bytes + HIGH, 2, false, 0);
    uint32_t sum = sum_part(image, inode_start(image, part), part);
    put_number(bytes + LOW, 2, false, sum);
    if (wide)
        put_number(bytes + HIGH, 2, false, sum >> 16);
}

/* Behind the room for all entries. */
static void seal_extents(struct image *image, const struct part *part)
{
    enum { ENTRY = 12 };
    uint8_t *bytes = image->bytes + part->at;
    size_t end = ENTRY + (size_t)get_number(bytes + 4, 2, false) * ENTRY;
    if (end + 4 <= part->size)
        put_number(bytes + end, 4, false, lt_crc32c(inode_start(image, part), bytes, end));
}

/* A node has its sum behind the room for all entries, but it covers only those in use, four bytes of what follows the
 * room, and zeros for itself. A block of names ends with a false entry that holds the sum. */
static void seal_directory(struct image *image, const struct part *part)
{
    enum { TAIL = 12 };
    static const uint8_t head[] = {0, 0, 0, 0, TAIL, 0, 0, 0xDE};
    uint8_t *bytes = image->bytes + part->at;
    size_t node = hash_node(image, part);
    if (node) {
        size_t room = (size_t)get_number(bytes + node, 2, false), used = (size_t)get_number(bytes + node + 2, 2, false);
        size_t end = node + room * 8;
        if (used > room || end + 8 > part->size)
            return;
        uint32_t sum = lt_crc32c(inode_start(image, part), bytes, node + used * 8);
        put_number(bytes + end + 4, 4, false, sum_number(lt_crc32c(sum, bytes + end, 4), 0, 4));
    } else if (!memcmp(bytes + part->size - TAIL, head, sizeof head))
        put_number(bytes + part->size - 4, 4, false, lt_crc32c(inode_start(image, part), bytes, part->size - TAIL));
}

static void seal_attributes(struct image *image, const struct part *part)
{
    enum { SUM = 0x10 };
    uint8_t *sum = image->bytes + part->at + SUM;
    put_number(sum, 4, false, 0);
    put_number(sum, 4, false, sum_part(image, sum_number(image->ext4.checksum_seed, part->number, 8), part));
}

static void seal_orphans(struct image *image, const struct part *part)
{
    enum { TAIL = 8 };
    uint8_t *bytes = image->bytes + part->at;
    uint32_t start = sum_number(inode_start(image, part), part->at / part->size, 8);
    put_number(bytes + part->size - 4, 4, false, lt_crc32c(start, bytes, part->size - TAIL));
}

/* Each tag has the sum of its block, which lies behind the descriptor. */
static void seal_tags(struct image *image, const struct part *part, const struct journal_form *form)
{
    enum { UUID = 16 };
    uint8_t *bytes = image->bytes + part->at;
    uint64_t block = part->number;
    for (size_t at = JOURNAL_HEAD; at + tag_size(form) + 4 <= part->size;) {
        uint64_t flags = form->csum3 ? get_number(bytes + at + 4, 4, true) : get_number(bytes + at + 6, 2, true);
        size_t data = ++block < MOST_JOURNAL ? image->journal[block] : 0;
        if (!data)
            return;
        uint32_t sum = lt_crc32c(lt_crc32c(form->seed, bytes + 8, 4), image->bytes + data, part->size);
        put_number(bytes + at + (form->csum3 ? 12 : 4), form->csum3 ? 4 : 2, true, sum);
        if (flags & TAG_LAST)
            return;
        at += tag_size(form) + (flags & TAG_SAME_UUID ? 0 : UUID);
    }
}

static void seal_journal(struct image *image, const struct part *part)
{
    enum { COMMIT_SUM = 0x10, SUPER_SUM = 0xFC };
    const struct journal_form form = journal_form(image);
    unsigned type = journal_type(image, part->at);
    bool super = type == LT_JBD2_SUPER_V1 || type == LT_JBD2_SUPER_V2;
    if (!(form.csum2 || form.csum3) || !type || type > LT_JBD2_REVOKE)
        return;
    if (type == LT_JBD2_DESCRIPTOR)
        seal_tags(image, part, &form);
    size_t size = super ? LT_EXT4_SUPER_SIZE : part->size;
    size_t at = super ? SUPER_SUM : type == LT_JBD2_COMMIT ? COMMIT_SUM : size - 4;
    uint8_t *bytes = image->bytes + part->at;
    put_number(bytes + at, 4, true, 0);
    put_number(bytes + at, 4, true, lt_crc32c(super ? ~0u : form.seed, bytes, size));
}

void seal_parts(struct image *image)
{
    static void (*const seals[KINDS])(struct image *, const struct part *) = {
        [SUPERBLOCK] = seal_superblock, [DESCRIPTOR] = seal_descriptor, [BLOCK_BITMAP] = seal_bitmap,
        [INODE_BITMAP] = seal_bitmap,   [INODE_RECORD] = seal_inode,    [EXTENT_NODE] = seal_extents,
        [DIRECTORY] = seal_directory,   [ATTRIBUTES] = seal_attributes, [ORPHANS] = seal_orphans,
        [JOURNAL] = seal_journal,
    };
    for (unsigned kind = KINDS; kind-- > 0;)
        for (size_t i = 0; seals[kind] && i < image->count; i++)
            if (image->parts[i].kind == kind && (image->ext4.checksums || kind == JOURNAL))
                seals[kind](image, &image->parts[i]);
}
