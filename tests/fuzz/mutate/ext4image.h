// SPDX-License-Identifier: Apache-2.0
/* An ext2/3/4 image as its mutator sees it:
 *
 *   ext4image_pieces.c  the input of the target as an image, and back
 *   ext4image_parts.c   where the structures of the image lie
 *   ext4image_fields.c  the numbers in a structure
 *   ext4image_seal.c    checksums
 *   ext4image.c         the mutator
 *
 * Structures are found with the sizes and places that the image itself gives, mutants of mutants too. So none of it
 * may be right, and a part is only promised to lie in the image. */
#ifndef TESTS_FUZZ_MUTATE_EXT4IMAGE_H
#define TESTS_FUZZ_MUTATE_EXT4IMAGE_H

#include "evidence/ext4/jbd2.h"
#include "evidence/ext4/layout.h"

#include "mutate.h"

enum {
    MOST_PARTS = 2048,
    MOST_JOURNAL = 4096, /* blocks */
};

/* In the order of who holds whose checksum: a descriptor has those of the bitmaps. */
enum kind {
    SUPERBLOCK,
    DESCRIPTOR,
    BLOCK_BITMAP,
    INODE_BITMAP,
    INODE_RECORD,
    EXTENT_NODE, /* outside of the inode */
    BLOCK_MAP,
    DIRECTORY, /* a block with names, or with nodes of a hash tree */
    ATTRIBUTES,
    ORPHANS, /* a block of the orphan file */
    JOURNAL, /* a block of the journal, of any type */
    CONTENT, /* a block of any other file */
    KINDS
};

struct part {
    enum kind kind;
    uint32_t ino, generation; /* of the inode that it belongs to; 0: none */
    uint64_t number;          /* of the group, or of the block in its file */
    size_t at, size;
};

struct image {
    struct dice dice;
    uint8_t options; /* of the target */
    uint8_t *bytes;  /* owned */
    size_t size;
    struct lt_ext4 ext4; /* with the sizes of 0 if the superblock makes no sense */
    struct part parts[MOST_PARTS];
    size_t count;
    size_t journal[MOST_JOURNAL]; /* where its blocks lie; 0: nowhere */
};

/* The image that an input stands for. */
struct image *read_pieces(const uint8_t *data, size_t size);
void free_image(struct image *image);

/* Write the input that stands for the image, as image.py does, and return its size. What does not fit into `most`
 * bytes, which are 3 at least, is left out. */
size_t write_pieces(const struct image *image, uint8_t *data, size_t most);

/* Fill in `ext4`, `parts` and `journal`. */
void find_parts(struct image *image);

/* The fields of a part. */
void list_fields(const struct image *image, const struct part *part, struct fields *out);

/* Write the right checksum into everything that has one (metadata_csum, and the journal's csum_v2 and csum_v3), but not
 * into blocks that the journal holds for other places. */
void seal_parts(struct image *image);

/* --- small things ------------------------------------------------------------------------------------------------- */

static inline bool in_image(const struct image *image, uint64_t at, uint64_t size)
{
    return at <= image->size && size <= image->size - at;
}

static inline uint64_t le(const struct image *image, size_t at, unsigned width)
{
    return get_number(image->bytes + at, width, false);
}

static inline uint64_t be(const struct image *image, size_t at, unsigned width)
{
    return get_number(image->bytes + at, width, true);
}

/* How the journal, whose superblock is its first block, writes its tags and checksums. */
struct journal_form {
    bool wide, csum2, csum3;
    uint32_t seed;
};

static inline struct journal_form journal_form(const struct image *image)
{
    enum { FEATURES = 0x28, UUID = 0x30, WIDE = 0x2, CSUM_V2 = 0x8, CSUM_V3 = 0x10 };
    size_t at = image->journal[0];
    if (!at)
        return (struct journal_form){0};
    uint64_t features = be(image, at + FEATURES, 4);
    return (struct journal_form){features & WIDE, features & CSUM_V2, features & CSUM_V3,
                                 lt_crc32c(~0u, image->bytes + at + UUID, 16)};
}

static inline size_t tag_size(const struct journal_form *form)
{
    return form->csum3 ? 16 : 8 + (form->csum2 ? 2u : 0) + (form->wide ? 4u : 0);
}

enum { JOURNAL_HEAD = 12 };
enum { TAG_SAME_UUID = 2, TAG_LAST = 8 };

/* The type of a block of the journal; 0: it has no head. */
static inline unsigned journal_type(const struct image *image, size_t at)
{
    return be(image, at, 4) == 0xC03B3998 ? (unsigned)be(image, at + 4, 4) : 0;
}

/* Where a node of a hash tree has its limit and its count; 0: the block has names (linux fs/ext4/namei.c). */
static inline size_t hash_node(const struct image *image, const struct part *part)
{
    enum { ROOT = 0x20, NODE = 8 };
    const size_t at = part->at;
    if (!part->number && le(image, at + 0x18, 4) == 0 && le(image, at + 0x1D, 1) == 8 &&
        le(image, at + 0x10, 2) == part->size - 12)
        return ROOT;
    return le(image, at, 4) == 0 && le(image, at + 4, 2) == part->size ? NODE : 0;
}

#endif
