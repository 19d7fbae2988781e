// SPDX-License-Identifier: Apache-2.0
/* Mutants of a bbolt database (its format is in parse/bbolt.h): fields of meta pages, pages, elements and buckets, also
 * of those that lie in a value; whole pages and elements that move or come twice; bytes of keys and values. Half of
 * them get the right checksum into their meta pages, as otherwise each change there would only show that checksums are
 * looked at. */
#include "mutate.h"

#include <string.h>

enum { BRANCH = 1, LEAF = 2, META = 4 };
enum { HEADER = 16, META_SIZE = 64, SUMMED = 56, ELEMENT = 16, BUCKET = 16, SMALLEST = 512, LARGEST = 65536 };
enum { MOST_RECORDS = 256, MOST_NESTED = 4 };

static const uint32_t MAGIC = 0xED0CDAED;

/* An element of a page, and the bytes that it points to. */
struct record {
    size_t at, key, key_size, value_size;
    bool leaf;
};

struct file {
    struct dice dice;
    uint8_t *bytes;
    size_t size, most, page_size;
    bool big_endian;
    struct fields fields; /* of the page that is being changed */
    struct record records[MOST_RECORDS];
    size_t count; /* of records */
};

static uint64_t get(const struct file *file, size_t at, unsigned width)
{
    return get_number(file->bytes + at, width, file->big_endian);
}

static void put(struct file *file, size_t at, unsigned width, uint64_t value)
{
    put_number(file->bytes + at, width, file->big_endian, value);
}

static size_t pages_of(const struct file *file)
{
    return file->size / file->page_size;
}

/* Does a meta page begin at `at`? Sets the byte order if so. */
static bool is_meta(struct file *file, size_t at)
{
    if (at > file->size || file->size - at < HEADER + META_SIZE)
        return false;
    uint32_t magic = (uint32_t)get_number(file->bytes + at + HEADER, 4, false);
    if (magic != MAGIC && magic != __builtin_bswap32(MAGIC))
        return false;
    file->big_endian = magic != MAGIC;
    return true;
}

/* The second meta page is one page behind the first. Without it any size will do. */
static void find_page_size(struct file *file)
{
    is_meta(file, 0);
    for (file->page_size = SMALLEST; file->page_size <= LARGEST; file->page_size *= 2)
        if (is_meta(file, file->page_size))
            return;
    file->page_size = SMALLEST;
}

static void add(struct file *file, size_t at, unsigned width, enum meaning meaning)
{
    add_field(&file->fields, (struct field){at, width, meaning, file->big_endian});
}

static void list_meta(struct file *file, size_t at)
{
    for (size_t i = 0; i < 4; i++)
        add(file, at + 4 * i, 4, NUMBER); /* magic, version, size of a page, flags */
    add(file, at + 16, 8, BLOCK);         /* root */
    add(file, at + 24, 8, NUMBER);        /* sequence */
    add(file, at + 32, 8, BLOCK);         /* free list */
    add(file, at + 40, 8, BLOCK);         /* end of the pages */
    add(file, at + 48, 8, NUMBER);        /* transaction */
    add(file, at + SUMMED, 8, NUMBER);
}

static void list_page(struct file *file, size_t at, size_t end, unsigned nested);

static void list_element(struct file *file, size_t at, bool leaf, size_t end, unsigned nested)
{
    size_t first = leaf ? 4 : 0;
    uint64_t position = get(file, at + first, 4), key_size = get(file, at + first + 4, 4);
    uint64_t value_size = leaf ? get(file, at + 12, 4) : 0;
    if (leaf)
        add(file, at, 4, FLAGS);
    add(file, at + first, 4, NUMBER);
    add(file, at + first + 4, 4, NUMBER);
    add(file, at + (leaf ? 12 : 8), leaf ? 4 : 8, leaf ? NUMBER : BLOCK);
    if (at + position + key_size + value_size > end || file->count == MOST_RECORDS)
        return;
    size_t key = at + (size_t)position, value = key + (size_t)key_size;
    file->records[file->count++] = (struct record){at, key, (size_t)key_size, (size_t)value_size, leaf};
    if (!leaf || !get(file, at, 4) || value_size < BUCKET)
        return;
    add(file, value, 8, BLOCK);
    add(file, value + 8, 8, NUMBER);
    if (value_size >= BUCKET + HEADER && nested < MOST_NESTED)
        list_page(file, value + BUCKET, value + (size_t)value_size, nested + 1);
}

/* List the fields and records of a page, which ends before `end`, and of the small buckets in it. */
static void list_page(struct file *file, size_t at, size_t end, unsigned nested)
{
    uint64_t flags = get(file, at + 8, 2), count = get(file, at + 10, 2);
    add(file, at, 8, BLOCK);
    add(file, at + 8, 2, FLAGS);
    add(file, at + 10, 2, NUMBER);
    add(file, at + 12, 4, NUMBER);
    if (flags & META && end - at >= HEADER + META_SIZE)
        list_meta(file, at + HEADER);
    if (flags != BRANCH && flags != LEAF)
        return;
    for (size_t i = 0; i < count && at + HEADER + (i + 1) * ELEMENT <= end; i++)
        list_element(file, at + HEADER + i * ELEMENT, flags == LEAF, end, nested);
}

/* Choose a page and list what is in it, as far as its overflow pages reach. */
static void choose_page(struct file *file)
{
    size_t at = below(&file->dice, pages_of(file)) * file->page_size;
    uint64_t most = (file->size - at) / file->page_size - 1, overflow = get(file, at + 12, 4);
    file->fields.count = file->count = 0;
    list_page(file, at, at + (size_t)(1 + (overflow < most ? overflow : most)) * file->page_size, 0);
}

static void change_a_field(struct file *file)
{
    choose_page(file);
    const struct field *field = &file->fields.all[below(&file->dice, file->fields.count)];
    uint64_t fitting = below(&file->dice, pages_of(file) + 1);
    if (field->meaning == FLAGS)
        fitting = (uint64_t)1 << below(&file->dice, 5);
    change_field(&file->dice, file->bytes, field, fitting);
}

/* Copy a page over another, or exchange the two. Half of the time they then say where they are. */
static void move_page(struct file *file)
{
    size_t from = below(&file->dice, pages_of(file)), to = below(&file->dice, pages_of(file)), size = file->page_size;
    if (from == to)
        return;
    if (one_in(&file->dice, 2))
        memcpy(file->bytes + to * size, file->bytes + from * size, size);
    else
        swap_bytes(file->bytes + to * size, file->bytes + from * size, size);
    if (one_in(&file->dice, 2)) {
        put(file, from * size, 8, from);
        put(file, to * size, 8, to);
    }
}

/* A page more, which the meta pages know of. */
static void append_page(struct file *file)
{
    size_t count = pages_of(file), size = file->page_size, from = below(&file->dice, count);
    if ((count + 1) * size > file->most)
        return;
    memcpy(file->bytes + count * size, file->bytes + from * size, size);
    file->size = (count + 1) * size;
    put(file, count * size, 8, count);
    for (size_t at = 0; at <= size; at += size)
        if (is_meta(file, at))
            put(file, at + HEADER + 40, 8, count + 1);
}

/* The position counts from the element, so it changes when the element moves and its bytes do not. */
static void shift_position(struct file *file, const struct record *record, size_t from)
{
    size_t at = record->at + (record->leaf ? 4 : 0);
    put(file, at, 4, get(file, at, 4) + from - record->at);
}

static void move_element(struct file *file)
{
    choose_page(file);
    const struct record *from = &file->records[below(&file->dice, file->count)];
    const struct record *to = &file->records[below(&file->dice, file->count)];
    if (file->count < 2 || from == to || from->leaf != to->leaf)
        return;
    bool copy = one_in(&file->dice, 2);
    if (copy)
        memmove(file->bytes + to->at, file->bytes + from->at, ELEMENT);
    else
        swap_bytes(file->bytes + to->at, file->bytes + from->at, ELEMENT);
    shift_position(file, to, from->at);
    if (!copy)
        shift_position(file, from, to->at);
}

static void change_bytes(struct file *file)
{
    choose_page(file);
    const struct record *record = &file->records[below(&file->dice, file->count)];
    bool key = one_in(&file->dice, 2);
    size_t at = record->key + (key ? 0 : record->key_size), size = key ? record->key_size : record->value_size;
    if (file->count && size)
        LLVMFuzzerMutate(file->bytes + at, size, size);
}

/* What was a value becomes a bucket, with a page of the file as its root or a small one in the value. */
static void make_bucket(struct file *file)
{
    choose_page(file);
    const struct record *record = &file->records[below(&file->dice, file->count)];
    if (!file->count || !record->leaf || record->value_size < BUCKET)
        return;
    size_t value = record->key + record->key_size;
    put(file, record->at, 4, 1);
    put(file, value, 8, below(&file->dice, pages_of(file)));
    if (record->value_size >= BUCKET + HEADER && one_in(&file->dice, 2)) {
        put(file, value, 8, 0);
        put(file, value + BUCKET + 8, 2, LEAF);
        put(file, value + BUCKET + 10, 2, below(&file->dice, 4));
    }
}

/* The older of the two meta pages becomes the newer. */
static void swap_transactions(struct file *file)
{
    if (is_meta(file, 0) && is_meta(file, file->page_size))
        swap_bytes(file->bytes + HEADER + 48, file->bytes + file->page_size + HEADER + 48, 8);
}

static void seal(struct file *file)
{
    for (size_t at = 0; at <= file->page_size; at += file->page_size) {
        uint64_t sum = 14695981039346656037u; /* FNV-1a of 64 bits */
        if (!is_meta(file, at))
            continue;
        for (size_t i = 0; i < SUMMED; i++)
            sum = (sum ^ file->bytes[at + HEADER + i]) * 1099511628211u;
        put(file, at + HEADER + SUMMED, 8, sum);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    static void (*const steps[])(struct file *) = {change_a_field, change_a_field, change_a_field,
                                                   move_page,      append_page,    move_element,
                                                   change_bytes,   make_bucket,    swap_transactions};
    struct file file = {.dice = {seed}, .bytes = data, .size = size, .most = most};
    if (size >= SMALLEST)
        find_page_size(&file);
    if (size < SMALLEST || size < file.page_size || one_in(&file.dice, 4))
        return LLVMFuzzerMutate(data, size, most);
    for (size_t left = 1 + below(&file.dice, 4); left-- > 0;)
        steps[below(&file.dice, sizeof steps / sizeof *steps)](&file);
    if (one_in(&file.dice, 2))
        seal(&file);
    return file.size;
}
