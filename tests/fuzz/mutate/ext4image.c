// SPDX-License-Identifier: Apache-2.0
/* Mutants of an ext2/3/4 image. A kind of structure is chosen first, so that few superblocks are changed as often as
 * many inodes. Half of the mutants get right checksums, as otherwise most changes would only show that checksums are
 * looked at. */
#include "ext4image.h"

#include <string.h>
#include <sys/stat.h>

enum { OPTIONS = 5 /* bits */ };

static struct part *choose_part(struct image *image, enum kind kind)
{
    size_t found = 0;
    for (size_t i = 0; i < image->count; i++)
        found += image->parts[i].kind == kind;
    size_t left = below(&image->dice, found);
    for (size_t i = 0; i < image->count; i++)
        if (image->parts[i].kind == kind && !left--)
            return &image->parts[i];
    return NULL;
}

/* A part of any kind that there is. The superblock always is. */
static struct part *choose_any(struct image *image)
{
    struct part *part;
    do
        part = choose_part(image, (enum kind)below(&image->dice, KINDS));
    while (!part);
    return part;
}

/* A value that leads to what is there, or that says something. */
static uint64_t fitting(struct image *image, const struct field *field)
{
    static const uint64_t types[] = {S_IFIFO, S_IFCHR, S_IFDIR, S_IFBLK, S_IFREG, S_IFLNK, S_IFSOCK};
    uint64_t old = get_number(image->bytes + field->at, field->width, field->big_endian);
    struct part *inode;
    switch (field->meaning) {
    case BLOCK:
        return image->ext4.block_size ? choose_any(image)->at / image->ext4.block_size : 0;
    case INODE:
        inode = choose_part(image, INODE_RECORD);
        return inode && !one_in(&image->dice, 8) ? inode->ino : image->ext4.inodes + below(&image->dice, 2);
    case MODE:
        return types[below(&image->dice, sizeof types / sizeof *types)] | (old & ~(uint64_t)S_IFMT);
    case FLAGS:
        return old ^ (uint64_t)1 << below(&image->dice, 8 * (size_t)field->width);
    default: /* what another number in the image is */
        return get_number(image->bytes + choose_any(image)->at, field->width, field->big_endian);
    }
}

static void change_a_field(struct image *image)
{
    struct fields fields;
    list_fields(image, choose_any(image), &fields);
    if (!fields.count)
        return;
    const struct field *field = &fields.all[below(&image->dice, fields.count)];
    change_field(&image->dice, image->bytes, field, fitting(image, field));
}

/* Copy a structure over another of its kind, or exchange the two. */
static void move_part(struct image *image)
{
    struct part *to = choose_any(image), *from = choose_part(image, to->kind);
    if (one_in(&image->dice, 2))
        memmove(image->bytes + to->at, image->bytes + from->at, to->size);
    else
        swap_bytes(image->bytes + to->at, image->bytes + from->at, to->size);
}

/* Any structure where one of another kind belongs. */
static void misplace_part(struct image *image)
{
    struct part *to = choose_any(image), *from = choose_any(image);
    memmove(image->bytes + to->at, image->bytes + from->at, to->size < from->size ? to->size : from->size);
}

/* What is in a structure, such as its entries, a few bytes further to the front or to the back. */
static void shift_inside(struct image *image)
{
    struct part *part = choose_any(image);
    size_t by = 4 * (1 + below(&image->dice, 8)), start = 4 * below(&image->dice, part->size / 4 - 8);
    uint8_t *bytes = image->bytes + part->at + start;
    size_t size = part->size - start;
    if (by >= size)
        return;
    if (one_in(&image->dice, 2))
        memmove(bytes + by, bytes, size - by);
    else
        memmove(bytes, bytes + by, size - by);
}

static void clear_part(struct image *image)
{
    struct part *part = choose_any(image);
    memset(image->bytes + part->at, one_in(&image->dice, 4) ? 0xFF : 0, part->size);
}

static void change_bytes(struct image *image)
{
    struct part *part = choose_any(image);
    LLVMFuzzerMutate(image->bytes + part->at, part->size, part->size);
}

static void change_options(struct image *image)
{
    image->options ^= (uint8_t)(1u << below(&image->dice, OPTIONS));
}

static void change(struct image *image)
{
    static void (*const rare[])(struct image *) = {move_part,  misplace_part, shift_inside,
                                                   clear_part, change_bytes,  change_options};
    for (size_t left = 1 + below(&image->dice, 4); left-- > 0;) {
        if (one_in(&image->dice, 3))
            rare[below(&image->dice, sizeof rare / sizeof *rare)](image);
        else
            change_a_field(image);
    }
    if (!one_in(&image->dice, 2))
        return;
    find_parts(image); /* anew, as they may lie elsewhere by now */
    seal_parts(image);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    struct dice dice = {seed};
    if (one_in(&dice, 4))
        return LLVMFuzzerMutate(data, size, most);
    struct image *image = read_pieces(data, size);
    bool has_superblock = in_image(image, LT_EXT4_SUPER_OFFSET, LT_EXT4_SUPER_SIZE);
    if (has_superblock) {
        image->dice = dice;
        find_parts(image);
        change(image);
        size = write_pieces(image, data, most);
    }
    free_image(image);
    return has_superblock ? size : LLVMFuzzerMutate(data, size, most);
}
