// SPDX-License-Identifier: Apache-2.0
#include "ext4image.h"

#include <sys/stat.h>

enum { SOME = 32 }; /* fields of what is the same all over */

struct row {
    uint16_t at, width;
    enum meaning meaning;
};

/* From linux Documentation/filesystems/ext4. */
static const struct row superblock[] = {
    {0x00, 4, NUMBER},  /* inodes */
    {0x04, 4, BLOCK},   /* blocks */
    {0x08, 4, NUMBER},  /* reserved blocks */
    {0x0C, 4, NUMBER},  /* free blocks */
    {0x10, 4, NUMBER},  /* free inodes */
    {0x14, 4, BLOCK},   /* first data block */
    {0x18, 4, NUMBER},  /* size of a block */
    {0x1C, 4, NUMBER},  /* size of a cluster */
    {0x20, 4, NUMBER},  /* blocks in a group */
    {0x24, 4, NUMBER},  /* clusters in a group */
    {0x28, 4, INODE},   /* inodes in a group */
    {0x38, 2, NUMBER},  /* magic */
    {0x3A, 2, FLAGS},   /* state */
    {0x4C, 4, NUMBER},  /* revision */
    {0x54, 4, INODE},   /* first inode of a user */
    {0x58, 2, NUMBER},  /* size of an inode */
    {0x5A, 2, NUMBER},  /* group of this copy */
    {0x5C, 4, FLAGS},   /* compatible features */
    {0x60, 4, FLAGS},   /* incompatible features */
    {0x64, 4, FLAGS},   /* features that forbid writing */
    {0x68, 8, NUMBER},  /* UUID */
    {0xCE, 2, NUMBER},  /* blocks kept for descriptors */
    {0xE0, 4, INODE},   /* journal */
    {0xE4, 4, NUMBER},  /* device of the journal */
    {0xE8, 4, INODE},   /* last orphan */
    {0xFC, 1, NUMBER},  /* hash of names */
    {0xFE, 2, NUMBER},  /* size of a descriptor */
    {0x104, 4, NUMBER}, /* first meta group */
    {0x10C, 4, BLOCK},  /* copy of the journal's i_block */
    {0x150, 4, NUMBER}, /* blocks, upper half */
    {0x174, 1, NUMBER}, /* groups in a flexible group */
    {0x175, 1, NUMBER}, /* kind of checksum */
    {0x24C, 4, NUMBER}, /* first group with copies */
    {0x250, 4, NUMBER}, /* second group with copies */
    {0x270, 4, NUMBER}, /* start of the checksums */
    {0x280, 4, INODE},  /* orphan file */
    {0x3FC, 4, NUMBER}, /* checksum */
};

static const struct row descriptor[] = {
    {0x00, 4, BLOCK},  /* bitmap of blocks */
    {0x04, 4, BLOCK},  /* bitmap of inodes */
    {0x08, 4, BLOCK},  /* table of inodes */
    {0x0C, 2, NUMBER}, /* free blocks */
    {0x0E, 2, NUMBER}, /* free inodes */
    {0x10, 2, NUMBER}, /* directories */
    {0x12, 2, FLAGS},  /* flags */
    {0x18, 2, NUMBER}, /* checksum of the bitmap of blocks */
    {0x1A, 2, NUMBER}, /* checksum of the bitmap of inodes */
    {0x1C, 2, INODE},  /* unused inodes at the end of the table */
    {0x1E, 2, NUMBER}, /* checksum */
    {0x20, 4, NUMBER}, /* bitmap of blocks, upper half */
    {0x24, 4, NUMBER}, /* bitmap of inodes, upper half */
    {0x28, 4, NUMBER}, /* table of inodes, upper half */
    {0x32, 2, NUMBER}, /* unused inodes, upper half */
    {0x38, 2, NUMBER}, /* checksum of the bitmap of blocks, upper half */
    {0x3A, 2, NUMBER}, /* checksum of the bitmap of inodes, upper half */
};

static const struct row inode_record[] = {
    {0x00, 2, MODE},   /* mode */
    {0x02, 2, NUMBER}, /* owner */
    {0x04, 4, NUMBER}, /* size */
    {0x08, 4, NUMBER}, /* access */
    {0x0C, 4, NUMBER}, /* change */
    {0x10, 4, NUMBER}, /* modification */
    {0x14, 4, INODE},  /* deletion, or the next orphan */
    {0x18, 2, NUMBER}, /* group */
    {0x1A, 2, NUMBER}, /* links */
    {0x1C, 4, NUMBER}, /* sectors */
    {0x20, 4, FLAGS},  /* flags */
    {0x64, 4, NUMBER}, /* generation */
    {0x68, 4, BLOCK},  /* attributes */
    {0x6C, 4, NUMBER}, /* size, upper half */
    {0x74, 2, NUMBER}, /* sectors, upper half */
    {0x76, 2, NUMBER}, /* attributes, upper half */
    {0x78, 2, NUMBER}, /* owner, upper half */
    {0x7A, 2, NUMBER}, /* group, upper half */
    {0x7C, 2, NUMBER}, /* checksum */
    {0x80, 2, NUMBER}, /* size of the fields that follow */
    {0x82, 2, NUMBER}, /* checksum, upper half */
    {0x84, 4, NUMBER}, /* change, nanoseconds */
    {0x88, 4, NUMBER}, /* modification, nanoseconds */
    {0x8C, 4, NUMBER}, /* access, nanoseconds */
    {0x90, 4, NUMBER}, /* birth */
    {0x94, 4, NUMBER}, /* birth, nanoseconds */
};

static const struct row journal_super[] = {
    {0x0C, 4, NUMBER}, /* size of a block */
    {0x10, 4, NUMBER}, /* blocks */
    {0x14, 4, NUMBER}, /* first block of the log */
    {0x18, 4, NUMBER}, /* first transaction */
    {0x1C, 4, NUMBER}, /* where it is */
    {0x24, 4, FLAGS},  /* compatible features */
    {0x28, 4, FLAGS},  /* incompatible features */
    {0x2C, 4, FLAGS},  /* features that forbid writing */
    {0x30, 8, NUMBER}, /* UUID */
    {0x50, 1, NUMBER}, /* kind of checksum */
    {0x54, 4, NUMBER}, /* blocks of fast commits */
    {0xFC, 4, NUMBER}, /* checksum */
};

static const struct row journal_commit[] = {
    {0x0C, 1, NUMBER}, /* kind of checksum */
    {0x0D, 1, NUMBER}, /* size of the checksum */
    {0x10, 4, NUMBER}, /* checksum */
    {0x30, 8, NUMBER}, /* seconds */
    {0x38, 4, NUMBER}, /* nanoseconds */
};

/* What is being listed: fields of the bytes from `at` to `end`. */
struct listing {
    const struct image *image;
    const struct part *part;
    struct fields *out;
    size_t at, end;
};

static void add(const struct listing *to, size_t offset, unsigned width, enum meaning meaning, bool big_endian)
{
    if (to->at + offset + width <= to->end)
        add_field(to->out, (struct field){to->at + offset, width, meaning, big_endian});
}

static void add_rows(const struct listing *to, const struct row *rows, size_t count, bool big_endian)
{
    for (size_t i = 0; i < count; i++)
        add(to, rows[i].at, rows[i].width, rows[i].meaning, big_endian);
}

#define ADD_TABLE(to, table, big_endian) add_rows(to, table, sizeof(table) / sizeof *(table), big_endian)

/* The number of `width` bytes at an offset of what is listed; 0 behind its end. */
static uint64_t number(const struct listing *to, size_t offset, unsigned width, bool big_endian)
{
    bool inside = to->at + offset + width <= to->end;
    return inside ? get_number(to->image->bytes + to->at + offset, width, big_endian) : 0;
}

static void list_row(const struct listing *to, size_t count, unsigned width, enum meaning meaning)
{
    for (size_t i = 0; i < count; i++)
        add(to, i * width, width, meaning, false);
}

static void list_extents(const struct listing *to)
{
    enum { ENTRY = 12 };
    uint64_t entries = number(to, 2, 2, false), depth = number(to, 6, 2, false);
    list_row(to, 4, 2, NUMBER); /* magic, entries, room, depth */
    for (size_t i = 1; i <= entries && to->at + (i + 1) * ENTRY <= to->end; i++) {
        add(to, i * ENTRY, 4, NUMBER, false);
        add(to, i * ENTRY + 4, depth ? 4 : 2, depth ? BLOCK : NUMBER, false);
        add(to, i * ENTRY + (depth ? 8 : 6), 2, NUMBER, false);
        add(to, i * ENTRY + 8, depth ? 2 : 4, depth ? NUMBER : BLOCK, false);
    }
}

static void list_names(struct listing to)
{
    enum { HEAD = 8 };
    while (to.at + HEAD <= to.end) {
        size_t size = (size_t)number(&to, 4, 2, false);
        add(&to, 0, 4, INODE, false);
        add(&to, 4, 2, NUMBER, false);
        add(&to, 6, 1, NUMBER, false);
        add(&to, 7, 1, NUMBER, false);
        add(&to, HEAD, 1, NUMBER, false); /* of the name */
        to.at += size < HEAD ? HEAD : size;
    }
}

static void list_hash_node(const struct listing *to, size_t at)
{
    uint64_t count = number(to, at + 2, 2, false);
    for (size_t i = 0x18; i < at; i++) /* of the root: kind of hash, sizes, levels */
        add(to, i, 1, NUMBER, false);
    add(to, at, 2, NUMBER, false);
    add(to, at + 2, 2, NUMBER, false);
    for (size_t i = 0; i < count; i++) {
        add(to, at + 8 * i + 4, 4, NUMBER, false);
        add(to, at + 8 * (i + 1), 4, NUMBER, false);
    }
}

/* Entries of attributes, up to one of zeros. */
static void list_attributes(struct listing to)
{
    enum { ENTRY = 16 };
    while (number(&to, 0, 4, false)) {
        add(&to, 0, 1, NUMBER, false); /* length of the name, its prefix, place of the value */
        add(&to, 1, 1, NUMBER, false);
        add(&to, 2, 2, NUMBER, false);
        add(&to, 4, 4, INODE, false);
        add(&to, 8, 4, NUMBER, false); /* size of the value, hash */
        add(&to, 12, 4, NUMBER, false);
        to.at += (ENTRY + (size_t)number(&to, 0, 1, false) + 3) & ~(size_t)3;
    }
}

static void list_inode(const struct listing *to)
{
    enum { FLAG_WORD = 0x20, BODY = 0x28, EXTRA = 0x80, INLINE_NAMES = 4 };
    uint64_t flags = number(to, FLAG_WORD, 4, false), mode = number(to, 0, 2, false);
    struct listing body = {to->image, to->part, to->out, to->at + BODY, to->at + BODY + LT_EXT4_BODY};
    ADD_TABLE(to, inode_record, false);
    if (flags & LT_EXT4_EXTENTS_FL)
        list_extents(&body);
    else if (flags & LT_EXT4_INLINE_FL && S_ISDIR(mode)) {
        list_row(&body, 1, 4, INODE);
        body.at += INLINE_NAMES;
        list_names(body);
    } else
        list_row(&body, LT_EXT4_BODY / 4, 4, BLOCK);
    struct listing attributes = *to;
    attributes.at += EXTRA + (size_t)number(to, EXTRA, 2, false);
    add(&attributes, 0, 4, NUMBER, false);
    attributes.at += 4;
    list_attributes(attributes);
}

static void list_tags(struct listing to)
{
    struct journal_form form = journal_form(to.image);
    enum { UUID = 16 };
    unsigned width = form.csum3 ? 4 : 2, flags_at = form.csum3 ? 4 : 6;
    for (to.at += JOURNAL_HEAD; to.at + tag_size(&form) <= to.end;) {
        uint64_t flags = number(&to, flags_at, width, true);
        add(&to, 0, 4, BLOCK, true);
        add(&to, flags_at, width, FLAGS, true);
        add(&to, form.csum3 ? 12 : 4, width, NUMBER, true); /* checksum */
        if (form.wide)
            add(&to, 8, 4, NUMBER, true);
        to.at += tag_size(&form) + (flags & TAG_SAME_UUID ? 0 : UUID);
        if (flags & TAG_LAST)
            return;
    }
}

/* Fast commits are tags of type and length, with words that are mostly inodes. */
static void list_fast_tags(struct listing to)
{
    enum { HEAD = 4, MOST_TAG = 10, MOST_WORDS = 4 };
    for (uint64_t tag; (tag = number(&to, 0, 2, false)) > 0 && tag < MOST_TAG;) {
        uint64_t length = number(&to, 2, 2, false);
        add(&to, 0, 2, NUMBER, false);
        add(&to, 2, 2, NUMBER, false);
        for (size_t i = 0; i < length / 4 && i < MOST_WORDS; i++)
            add(&to, HEAD + 4 * i, 4, INODE, false);
        to.at += HEAD + (size_t)length;
    }
}

static void list_revoked(const struct listing *to)
{
    enum { MOST_WORDS = 64 };
    add(to, JOURNAL_HEAD, 4, NUMBER, true); /* bytes in use */
    for (size_t i = 1; i <= MOST_WORDS; i++)
        add(to, JOURNAL_HEAD + 4 * i, 4, BLOCK, true);
}

static void list_journal(const struct listing *to)
{
    enum { WORDS = 8 };
    for (size_t i = 0; i < JOURNAL_HEAD; i += 4) /* magic, type, transaction */
        add(to, i, 4, NUMBER, true);
    switch (journal_type(to->image, to->at)) {
    case LT_JBD2_DESCRIPTOR:
        list_tags(*to);
        break;
    case LT_JBD2_COMMIT:
        ADD_TABLE(to, journal_commit, true);
        break;
    case LT_JBD2_SUPER_V1:
    case LT_JBD2_SUPER_V2:
        ADD_TABLE(to, journal_super, true);
        break;
    case LT_JBD2_REVOKE:
        list_revoked(to);
        break;
    default: /* fast commits, or a block for another place */
        list_fast_tags(*to);
        list_row(to, WORDS, 4, INODE);
    }
}

static void list_superblock(const struct listing *to)
{
    ADD_TABLE(to, superblock, false);
}

static void list_descriptor(const struct listing *to)
{
    ADD_TABLE(to, descriptor, false);
}

static void list_bits(const struct listing *to)
{
    list_row(to, SOME, 1, FLAGS);
}

static void list_map(const struct listing *to)
{
    list_row(to, SOME, 4, BLOCK);
}

static void list_bytes(const struct listing *to)
{
    list_row(to, SOME, 1, NUMBER);
}

static void list_directory(const struct listing *to)
{
    size_t node = hash_node(to->image, to->part);
    list_names(*to);
    if (node)
        list_hash_node(to, node);
}

static void list_attribute_block(const struct listing *to)
{
    enum { HEAD_WORDS = 5, HEAD = 32 };
    struct listing entries = *to;
    list_row(to, HEAD_WORDS, 4, NUMBER); /* magic, references, blocks, hash, checksum */
    entries.at += HEAD;
    list_attributes(entries);
}

static void list_orphans(const struct listing *to)
{
    size_t size = to->end - to->at;
    list_row(to, SOME, 4, INODE);
    add(to, size - 8, 4, NUMBER, false); /* magic */
    add(to, size - 4, 4, NUMBER, false); /* checksum */
}

void list_fields(const struct image *image, const struct part *part, struct fields *out)
{
    static void (*const lists[KINDS])(const struct listing *) = {
        [SUPERBLOCK] = list_superblock, [DESCRIPTOR] = list_descriptor, [BLOCK_BITMAP] = list_bits,
        [INODE_BITMAP] = list_bits,     [INODE_RECORD] = list_inode,    [EXTENT_NODE] = list_extents,
        [BLOCK_MAP] = list_map,         [DIRECTORY] = list_directory,   [ATTRIBUTES] = list_attribute_block,
        [ORPHANS] = list_orphans,       [JOURNAL] = list_journal,       [CONTENT] = list_bytes,
    };
    const struct listing to = {image, part, out, part->at, part->at + part->size};
    out->count = 0;
    lists[part->kind](&to);
}
