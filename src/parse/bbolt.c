// SPDX-License-Identifier: Apache-2.0
#include "parse/bbolt.h"

#include "base/cursor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { BRANCH = 1, LEAF = 2, META = 4, FREELIST = 16 };
enum { HEADER = 16, META_SIZE = 64, META_SUMMED = 56, ELEMENT = 16, BUCKET = 16 };
enum { MAX_LEVEL = 64, MAX_STACK = 128, FIRST_SET = 1024 };
enum { MIN_PAGE = 512, MAX_PAGE = 16 * 1024 * 1024, USUAL_PAGE = 4096 };
static const uint32_t MAGIC = 0xED0CDAED;

struct meta {
    bool plausible, valid; /* valid: plausible, and the checksum is right */
    bool big_endian;
    unsigned number;
    uint32_t page_size;
    uint64_t root, end, transaction;
};

/* A page that is being read, and how far. */
struct page {
    size_t at, len; /* in bytes of the file, including the header */
    unsigned count, next;
    bool branch, is_inline;
    unsigned level; /* levels below the root of its bucket */
    size_t depth;   /* number of buckets above */
    struct lt_str last_key;
    size_t end; /* where the item before ended, and the next one must begin */
};

/* Hashes of the items reported so far. */
struct set {
    uint64_t *slots; /* owned; 0 is an empty slot */
    size_t count, cap;
    uint64_t seed;
};

struct reader {
    struct lt_bolt *bolt;
    struct lt_str bytes;
    unsigned char *seen; /* owned; for each page: 0, or 1 + the origin that it was read for */
    uint64_t page_count; /* number of pages that fit in the file */
    uint64_t end;        /* end of the pages in use, according to the current meta page */
    enum lt_bolt_origin origin;
    struct page stack[MAX_STACK];
    size_t height;
    struct lt_str path[LT_BOLT_DEPTH];
    uint64_t sequences[LT_BOLT_DEPTH];
    uint64_t items_left, bytes_left; /* limits that an intact file cannot reach */
    uint64_t read;                   /* number of items so far */
    bool surveys;                    /* items are counted, and not reported */
    struct set reported;
    enum lt_status (*each)(void *arg, const struct lt_bolt_item *item, struct lt_err *err);
    void *arg;
};

static uint64_t number(const struct reader *reader, size_t at, unsigned count)
{
    struct lt_cursor cursor = {.ptr = (const unsigned char *)reader->bytes.ptr, .len = reader->bytes.len};
    uint64_t value = lt_cursor_le(&cursor, at, count);
    return reader->bolt->big_endian ? __builtin_bswap64(value) >> (64 - 8 * count) : value;
}

/* Only the live tree must be intact: pages outside it may have been partly reused. */
__attribute__((format(printf, 2, 3))) static void damage(struct reader *reader, const char *format, ...)
{
    if (reader->origin != LT_BOLT_LIVE || reader->bolt->damages++)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(reader->bolt->damage, sizeof reader->bolt->damage, format, args);
    va_end(args);
}

static uint64_t fnv(uint64_t hash, struct lt_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ (unsigned char)bytes.ptr[i]) * 1099511628211u;
    return hash;
}

static bool set_find(const struct set *set, uint64_t hash, size_t *at)
{
    *at = (size_t)(hash >> 20) & (set->cap - 1);
    while (set->slots[*at] && set->slots[*at] != hash)
        *at = (*at + 1) & (set->cap - 1);
    return set->slots[*at];
}

static void set_grow(struct set *set)
{
    struct set old = *set;
    size_t at;
    if (!old.cap && getrandom(&set->seed, sizeof set->seed, GRND_NONBLOCK) < 0)
        set->seed = (uint64_t)(uintptr_t)set;
    set->cap = old.cap ? old.cap * 2 : FIRST_SET;
    set->slots = lt_realloc(NULL, lt_array_size(set->cap, sizeof *set->slots));
    memset(set->slots, 0, set->cap * sizeof *set->slots);
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i] && !set_find(set, old.slots[i], &at))
            set->slots[at] = old.slots[i];
    free(old.slots);
}

/* Add an item; true if it was in the set. The seed is unknown to whoever made the file, so no item can hide another. */
static bool set_add(struct set *set, struct lt_str bucket, struct lt_str key, struct lt_str value)
{
    size_t at;
    if (set->count * 4 >= set->cap * 3)
        set_grow(set);
    uint64_t hash = fnv(14695981039346656037u ^ set->seed, bucket);
    hash = fnv(hash ^ bucket.len, key);
    hash = fnv(hash ^ key.len << 32, value);
    hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15u;
    if (set_find(set, hash ? hash : 1, &at))
        return true;
    set->slots[at] = hash ? hash : 1;
    set->count++;
    return false;
}

static void exhaust(struct reader *reader)
{
    reader->origin = LT_BOLT_LIVE; /* this is damage in any origin */
    damage(reader, "more items than the file has bytes for: the rest is not read");
    reader->items_left = 0;
    reader->height = 0;
}

static enum lt_status report(struct reader *reader, const struct page *page, struct lt_str key, struct lt_str value,
                             struct lt_err *err)
{
    uint64_t size = key.len + value.len;
    reader->read++;
    if (reader->surveys)
        return LT_OK;
    if (size > reader->bytes_left) {
        exhaust(reader);
        return LT_OK;
    }
    reader->bytes_left -= size;
    struct lt_bolt_item item = {
        .path = reader->path,
        .sequences = reader->sequences,
        .depth = page->depth,
        .key = key,
        .value = value,
        .offset = (uint64_t)(key.ptr - reader->bytes.ptr),
        .origin = reader->origin,
    };
    /* The bucket of a freed page is not known, so its items are compared without one. */
    bool same = set_add(&reader->reported, LT_STR(""), key, value);
    if (page->depth)
        same = set_add(&reader->reported, reader->path[page->depth - 1], key, value);
    item.known = same && reader->origin != LT_BOLT_LIVE;
    item.stands_in = reader->origin != LT_BOLT_LIVE && reader->bolt->damages;
    return reader->each(reader->arg, &item, err);
}

/* Push a page, which must lie within the file, on the stack. */
static void push(struct reader *reader, struct page page, const char *what)
{
    size_t room = (page.len - HEADER) / ELEMENT;
    unsigned flags = (unsigned)number(reader, page.at + 8, 2);
    page.count = (unsigned)number(reader, page.at + 10, 2);
    page.branch = flags == BRANCH;
    if (flags != LEAF && (!page.branch || page.is_inline)) {
        damage(reader, "%s at byte %zu is neither branch nor leaf", what, page.at);
        return;
    }
    if (page.level >= MAX_LEVEL || reader->height >= MAX_STACK) {
        damage(reader, "the pages at byte %zu are nested too deep", page.at);
        return;
    }
    if (page.count > room) {
        damage(reader, "%s at byte %zu: %u items, which it has no room for", what, page.at, page.count);
        page.count = (unsigned)room;
    }
    page.end = page.at + HEADER + (size_t)page.count * ELEMENT;
    if (!page.branch && !page.is_inline)
        reader->bolt->pages[reader->origin]++;
    reader->stack[reader->height++] = page;
}

/* Mark pages as read. False: one of them was read before; `shared` says that it was read for the live tree, which
 * shares most of its pages with the older one. */
static bool mark(struct reader *reader, uint64_t id, uint64_t count, bool *shared)
{
    *shared = reader->origin == LT_BOLT_OLDER && reader->seen[id] == 1 + LT_BOLT_LIVE;
    for (uint64_t i = id; i < id + count; i++)
        if (reader->seen[i])
            return false;
    memset(reader->seen + id, 1 + (int)reader->origin, count);
    return true;
}

static void push_page(struct reader *reader, uint64_t id, unsigned level, size_t depth)
{
    bool shared;
    size_t page_size = reader->bolt->page_size;
    if (id < 2 || id >= reader->end || id >= reader->page_count) {
        damage(reader, "page %ju does not exist", (uintmax_t)id);
        return;
    }
    size_t at = (size_t)id * page_size;
    uint64_t count = number(reader, at + 12, 4) + 1;
    if (number(reader, at, 8) != id) {
        damage(reader, "page %ju is not where it should be", (uintmax_t)id);
        return;
    }
    if (count > reader->page_count - id) {
        damage(reader, "page %ju ends beyond the file", (uintmax_t)id);
        count = reader->page_count - id;
    }
    if (mark(reader, id, count, &shared))
        push(reader, (struct page){.at = at, .len = (size_t)count * page_size, .level = level, .depth = depth},
             "a page");
    else if (!shared)
        damage(reader, "page %ju is used twice", (uintmax_t)id);
}

static void enter_bucket(struct reader *reader, const struct page *page, struct lt_str name, struct lt_str value)
{
    if (value.len < BUCKET || page->is_inline || page->depth >= LT_BOLT_DEPTH) {
        damage(reader, "a bucket at byte %td that cannot be one", name.ptr - reader->bytes.ptr);
        return;
    }
    size_t at = (size_t)(value.ptr - reader->bytes.ptr), depth = page->depth + 1;
    uint64_t root = number(reader, at, 8);
    reader->path[page->depth] = name;
    reader->sequences[page->depth] = number(reader, at + 8, 8);
    if (!root && value.len >= BUCKET + HEADER)
        push(reader, (struct page){.at = at + BUCKET, .len = value.len - BUCKET, .depth = depth, .is_inline = true},
             "a small bucket");
    else if (reader->origin != LT_BOLT_FREED) /* the pages of a freed bucket are found on their own */
        push_page(reader, root, 0, depth);
}

/* Does an element point to bytes within its page? */
static bool in_page(const struct page *page, size_t element, uint64_t position, uint64_t size)
{
    return element - page->at + position + size <= page->len;
}

/* Keys are in order, and an item begins where the one before ended (bbolt internal/common/inode.go), so a length that
 * is damaged is noticed. */
static void check_order(struct reader *reader, struct page *page, struct lt_str key, size_t value_size)
{
    size_t at = (size_t)(key.ptr - reader->bytes.ptr);
    if (at != page->end)
        damage(reader, "an item begins at byte %zu, and not where the one before ended", at);
    page->end = at + key.len + value_size;
    if (page->last_key.ptr && lt_str_cmp(page->last_key, key) >= 0)
        damage(reader, "keys out of order at byte %td", key.ptr - reader->bytes.ptr);
    page->last_key = key;
}

static void enter_branch(struct reader *reader, struct page *page, size_t element)
{
    uint64_t position = number(reader, element, 4), size = number(reader, element + 4, 4);
    if (in_page(page, element, position, size))
        check_order(reader, page, (struct lt_str){reader->bytes.ptr + element + position, (size_t)size}, 0);
    else
        damage(reader, "a key beyond its page at byte %zu", element);
    push_page(reader, number(reader, element + 8, 8), page->level + 1, page->depth);
}

static enum lt_status read_leaf(struct reader *reader, struct page *page, size_t element, struct lt_err *err)
{
    uint64_t flags = number(reader, element, 4), position = number(reader, element + 4, 4);
    uint64_t key_size = number(reader, element + 8, 4), value_size = number(reader, element + 12, 4);
    if (flags > 1 || !in_page(page, element, position, key_size + value_size)) {
        damage(reader, "no item at byte %zu", element);
        return LT_OK;
    }
    struct lt_str key = {reader->bytes.ptr + element + position, (size_t)key_size};
    struct lt_str value = {key.ptr + key_size, (size_t)value_size};
    check_order(reader, page, key, value.len);
    if (!flags)
        return report(reader, page, key, value, err);
    enter_bucket(reader, page, key, value);
    return LT_OK;
}

/* Read all pages on the stack. */
static enum lt_status drain(struct reader *reader, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    while (reader->height && status == LT_OK) {
        struct page *page = &reader->stack[reader->height - 1];
        size_t element = page->at + HEADER + (size_t)page->next * ELEMENT;
        if (page->next++ >= page->count) {
            reader->height--;
        } else if (!reader->items_left) {
            exhaust(reader);
        } else {
            reader->items_left--;
            if (page->branch)
                enter_branch(reader, page, element);
            else
                status = read_leaf(reader, page, element, err);
        }
    }
    return status;
}

static uint64_t checksum(const struct reader *reader, size_t at)
{
    return fnv(14695981039346656037u, (struct lt_str){reader->bytes.ptr + at, META_SUMMED});
}

/* Read meta page `id`, which is at `at`, in its own byte order. */
static struct meta read_meta(struct reader *reader, size_t at, unsigned id)
{
    struct meta meta = {.number = id};
    if (at > reader->bytes.len || reader->bytes.len - at < HEADER + META_SIZE)
        return meta;
    at += HEADER;
    reader->bolt->big_endian = false;
    reader->bolt->big_endian = meta.big_endian = number(reader, at, 4) == __builtin_bswap32(MAGIC);
    uint64_t sum = number(reader, at + META_SUMMED, 8);
    meta.page_size = (uint32_t)number(reader, at + 8, 4);
    meta.root = number(reader, at + 16, 8);
    meta.end = number(reader, at + 40, 8);
    meta.transaction = number(reader, at + 48, 8);
    bool sane = meta.page_size >= MIN_PAGE && meta.page_size <= MAX_PAGE && !(meta.page_size & (meta.page_size - 1));
    meta.plausible = number(reader, at, 4) == MAGIC && number(reader, at + 4, 4) == 2 && sane;
    meta.valid = meta.plausible && (!sum || sum == checksum(reader, at));
    return meta;
}

static void swap(struct meta metas[2])
{
    struct meta first = metas[0];
    metas[0] = metas[1];
    metas[1] = first;
}

/* Read both meta pages: a valid one comes before one that is only plausible, and the newer one first. */
static void read_metas(struct reader *reader, struct meta out[2])
{
    out[0] = read_meta(reader, 0, 0);
    out[1] = (struct meta){.number = 1};
    if (out[0].plausible)
        out[1] = read_meta(reader, out[0].page_size, 1);
    for (uint32_t size = 1024; !out[0].valid && !out[1].plausible && size <= MAX_PAGE; size *= 2) {
        out[1] = read_meta(reader, size, 1);
        out[1].plausible &= out[1].page_size == size;
        out[1].valid &= out[1].plausible;
    }
    bool newer = out[1].transaction > out[0].transaction;
    if (out[0].valid != out[1].valid ? out[1].valid : out[0].plausible != out[1].plausible ? out[1].plausible : newer)
        swap(out);
    if (out[1].page_size != out[0].page_size || out[1].big_endian != out[0].big_endian)
        out[1].plausible = out[1].valid = false;
    if (!out[0].valid)
        damage(reader, "neither of the two meta pages is valid");
    else if (!out[1].valid)
        damage(reader, "meta page %u is not valid", out[1].number);
    reader->bolt->page_size = out[0].plausible ? out[0].page_size : USUAL_PAGE;
    reader->bolt->big_endian = out[0].plausible && out[0].big_endian;
}

/* Does a new page begin at `id`? */
static bool is_page(const struct reader *reader, uint64_t id)
{
    size_t at = (size_t)id * reader->bolt->page_size;
    uint64_t flags = number(reader, at + 8, 2);
    return number(reader, at, 8) == id && (flags == BRANCH || flags == LEAF || flags == META || flags == FREELIST);
}

/* Read leaf pages that no tree uses. Of one that had several pages, read those that have not been reused. */
static enum lt_status read_freed(struct reader *reader, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    reader->origin = LT_BOLT_FREED;
    for (uint64_t id = 2; status == LT_OK && reader->items_left && id < reader->page_count; id++) {
        size_t at = (size_t)id * reader->bolt->page_size;
        if (reader->seen[id] || !is_page(reader, id) || number(reader, at + 8, 2) != LEAF)
            continue;
        uint64_t most = number(reader, at + 12, 4) + 1, count = 1;
        while (count < most && id + count < reader->page_count && !reader->seen[id + count] &&
               !is_page(reader, id + count))
            count++;
        memset(reader->seen + id, 1 + LT_BOLT_FREED, count);
        push(reader, (struct page){.at = at, .len = (size_t)count * reader->bolt->page_size}, "a page");
        status = drain(reader, err);
    }
    return status;
}

/* Read the tree that a meta page leads to. */
static enum lt_status read_tree(struct reader *reader, const struct meta *meta, enum lt_bolt_origin origin,
                                struct lt_err *err)
{
    reader->origin = origin;
    reader->end = meta->end;
    if (meta->end > reader->page_count)
        damage(reader, "the file ends before page %ju, the end of the pages in use", (uintmax_t)meta->end);
    push_page(reader, meta->root, 0, 0);
    return drain(reader, err);
}

/* Forget what was read. */
static void begin(struct reader *reader)
{
    memset(reader->seen, 0, reader->page_count + 1);
    reader->items_left = reader->bytes.len / 8 + 64; /* an item has 16 bytes, and is read for one origin only */
    reader->bytes_left = 2 * (uint64_t)reader->bytes.len;
    reader->read = 0;
}

/* How many items the tree of a meta page holds. Is it whole? */
static uint64_t survey(struct reader *reader, const struct meta *meta, bool *whole)
{
    struct lt_bolt before = *reader->bolt;
    begin(reader);
    reader->surveys = true;
    reader->bolt->damages = 0;
    (void)read_tree(reader, meta, LT_BOLT_LIVE, NULL);
    reader->surveys = false;
    *whole = !reader->bolt->damages;
    *reader->bolt = before;
    return reader->read;
}

/* Put the meta page first whose tree is read as the live one: that of the last transaction, unless it is damaged and
 * the one before gives more. A tree whose meta page has a wrong checksum never replaces one whose page has not. */
static void choose(struct reader *reader, struct meta metas[2])
{
    bool whole;
    if (!metas[1].plausible)
        return;
    uint64_t items = survey(reader, &metas[0], &whole);
    if (metas[0].valid && (whole || !metas[1].valid))
        return;
    if (survey(reader, &metas[1], &whole) <= items)
        return;
    swap(metas);
    if (metas[0].valid)
        damage(reader, "the tree of the last transaction, by meta page %u, is damaged", metas[1].number);
}

static enum lt_status read_all(struct reader *reader, struct lt_err *err)
{
    struct meta metas[2] = {0};
    enum lt_status status = LT_OK;
    read_metas(reader, metas);
    reader->page_count = reader->bytes.len / reader->bolt->page_size;
    reader->seen = lt_realloc(NULL, reader->page_count + 1);
    choose(reader, metas);
    begin(reader);
    reader->bolt->meta = metas[0].number;
    reader->bolt->transaction = metas[0].plausible ? metas[0].transaction : 0;
    reader->bolt->stale = metas[0].plausible && reader->bolt->damages;
    for (unsigned i = 0; status == LT_OK && i < 2; i++)
        if (metas[i].plausible)
            status = read_tree(reader, &metas[i], i ? LT_BOLT_OLDER : LT_BOLT_LIVE, err);
    return status == LT_OK ? read_freed(reader, err) : status;
}

enum lt_status lt_bolt_read(struct lt_str bytes, struct lt_bolt *bolt,
                            enum lt_status (*each)(void *arg, const struct lt_bolt_item *item, struct lt_err *err),
                            void *arg, struct lt_err *err)
{
    struct reader *reader = lt_realloc(NULL, sizeof *reader);
    *bolt = (struct lt_bolt){0};
    *reader = (struct reader){.bolt = bolt, .bytes = bytes, .each = each, .arg = arg};
    enum lt_status status = read_all(reader, err);
    free(reader->reported.slots);
    free(reader->seen);
    free(reader);
    return status;
}
