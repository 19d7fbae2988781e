// SPDX-License-Identifier: Apache-2.0
#include "carve/carve.h"

#include "base/bisect.h"
#include "carve/format.h"

#include <stdlib.h>

enum { PIECE = 1 << 20 };

#define CARVE(name) extern const struct lt_carve_format lt_carve_##name;
#include "carve/carve.def"
#undef CARVE

#define CARVE(name) &lt_carve_##name,
const struct lt_carve_format *const lt_carve_formats[] = {
#include "carve/carve.def"
    NULL,
};
#undef CARVE

/* The search, at one block. */
struct scan {
    const struct lt_carve_search *search;
    char *bytes;               /* owned; a piece of a run */
    struct lt_carve_find find; /* the one that goes on; its format is NULL if there is none */
    uint64_t begin;            /* where it begins */
    bool torn;
    char last;           /* the byte before the block */
    uint64_t unreadable; /* blocks */
    struct lt_err problem;
};

/* --- finds --- */

static void drop(struct scan *scan)
{
    struct lt_carve_find *find = &scan->find;
    if (find->format && find->format->drop)
        find->format->drop(find);
    lt_buf_free(&find->kept);
    lt_buf_free(&find->rest);
    lt_arena_free(&find->arena);
    *find = (struct lt_carve_find){0};
}

static enum lt_status give(struct scan *scan, const struct lt_carve_format *format, struct lt_err *err)
{
    const struct lt_carve_search *search = scan->search;
    const struct lt_carve_find *find = &scan->find;
    const struct lt_extent extent = {0, scan->begin, find->size};
    struct lt_carved out = {
        .fs = search->fs,
        .format = format->name,
        .extents = &extent,
        .extent_count = 1,
        .size = find->size,
        .complete = find->sound,
        .why = find->sound ? NULL : format->why,
        .torn = scan->torn,
        .said = find->said,
    };
    return search->each(search->arg, &out, err);
}

static const struct lt_carve_format *last_text_format(void)
{
    const struct lt_carve_format *last = NULL;
    for (size_t i = 0; lt_carve_formats[i]; i++)
        last = lt_carve_formats[i]->text ? lt_carve_formats[i] : last;
    return last;
}

/* The find has ended. What turns out not to be of its format is text all the same, if it was that. */
static enum lt_status end_find(struct scan *scan, struct lt_err *err)
{
    struct lt_carve_find *find = &scan->find;
    const struct lt_carve_format *format = find->format;
    enum lt_status status = LT_OK;
    if (!format)
        return LT_OK;
    if (find->size && format->finish && !format->finish(find)) {
        find->said = (struct lt_carve_said){0};
        find->sound = false;
        format = format->text && !scan->torn ? last_text_format() : NULL;
    }
    if (find->size && format)
        status = give(scan, format, err);
    drop(scan);
    return status;
}

static void keep(struct lt_carve_find *find, struct lt_str bytes)
{
    size_t room = find->format->keep - find->kept.len;
    lt_buf_add(&find->kept, (struct lt_str){bytes.ptr, bytes.len < room ? bytes.len : room});
}

/* Offer a block to the find. False: nothing of it belongs to the find, which has ended before. */
static bool grow(struct scan *scan, const struct lt_carve_block *block, bool *ended)
{
    struct lt_carve_find *find = &scan->find;
    size_t used = block->bytes.len;
    enum lt_carve_step step = find->format->take(find, block, &used);
    *ended = step != LT_CARVE_MORE;
    if (step == LT_CARVE_NOT)
        return false;
    keep(find, (struct lt_str){block->bytes.ptr, used});
    find->size += used;
    return true;
}

/* --- blocks --- */

/* Does what only a file begins with end the find before it? */
static bool is_cut_off(const struct scan *scan, const struct lt_carve_block *block)
{
    const struct lt_carve_format *open = scan->find.format;
    enum lt_carve_cut least = open->text && scan->last != '\n' ? LT_CARVE_CUTS_ALWAYS : LT_CARVE_CUTS_LINE;
    if (!block->text)
        return false;
    for (size_t i = 0; lt_carve_formats[i]; i++) {
        const struct lt_carve_format *format = lt_carve_formats[i];
        size_t skip = 0;
        if (format->cuts >= least && format != open && format->begins(block, &skip) && !skip)
            return true;
    }
    return false;
}

/* Begin a find. The part of the block before it belongs to nothing that is known. */
static bool begin_as(struct scan *scan, const struct lt_carve_format *format, struct lt_carve_block block, size_t skip,
                     bool *ended)
{
    scan->find = (struct lt_carve_find){.format = format, .fresh = block.fresh && !skip};
    block.bytes = lt_str_skip(block.bytes, skip);
    block.text -= skip < block.text ? skip : block.text;
    if (grow(scan, &block, ended))
        return true;
    drop(scan);
    return false;
}

static enum lt_status begin_find(struct scan *scan, const struct lt_carve_block *block, uint64_t at, struct lt_err *err)
{
    for (size_t i = 0; lt_carve_formats[i]; i++) {
        const struct lt_carve_format *format = lt_carve_formats[i];
        size_t skip = 0;
        bool ended;
        if (format->text != (block->text > 0) || !format->begins(block, &skip))
            continue;
        scan->begin = at + skip;
        scan->torn = skip;
        if (begin_as(scan, format, *block, skip, &ended))
            return ended ? end_find(scan, err) : LT_OK;
    }
    return LT_OK;
}

static enum lt_status take_block(struct scan *scan, struct lt_str bytes, uint64_t at, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    bool ended, took = false;
    if (!scan->find.format && lt_carve_is_zeros(bytes))
        return LT_OK;
    const struct lt_carve_block block = {bytes, lt_carve_text(bytes), !scan->last};
    if (scan->find.format) {
        ended = is_cut_off(scan, &block);
        took = !ended && grow(scan, &block, &ended);
        if (ended)
            status = end_find(scan, err);
    }
    return status == LT_OK && !took ? begin_find(scan, &block, at, err) : status;
}

/* --- runs --- */

/* The last byte before a run, which a file of today may own. 1, which is no zero, if it cannot be read. */
static char byte_before(const struct scan *scan, uint64_t at, uint32_t block)
{
    struct lt_err ignored = {0};
    struct lt_fs *fs = scan->search->fs;
    bool there = at >= block && fs->ops->read_unowned(fs, scan->bytes, block, at - block, &ignored) == (ssize_t)block;
    return there ? scan->bytes[block - 1] : 1;
}

static enum lt_status take_piece(struct scan *scan, size_t size, uint64_t at, uint32_t block, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    for (size_t done = 0; done + block <= size && status == LT_OK; done += block) {
        status = take_block(scan, (struct lt_str){scan->bytes + done, block}, at + done, err);
        scan->last = scan->bytes[done + block - 1];
    }
    return status;
}

/* A run without what other methods know. What follows on a run is not free: no find goes on there. */
static enum lt_status take_run(struct scan *scan, uint64_t at, uint64_t size, uint32_t block, struct lt_err *err)
{
    const struct lt_carve_search *search = scan->search;
    enum lt_status status = LT_OK;
    scan->last = byte_before(scan, at, block);
    for (uint64_t done = 0; done < size && status == LT_OK;) {
        size_t part = size - done < PIECE ? (size_t)(size - done) : PIECE;
        ssize_t got = search->fs->ops->read_unowned(search->fs, scan->bytes, part, at + done, &scan->problem);
        if (got < (ssize_t)block) {
            scan->unreadable++;
            status = end_find(scan, err);
            done += block;
            continue;
        }
        status = take_piece(scan, (size_t)got, at + done, block, err);
        done += (uint64_t)got / block * block;
        if (status == LT_OK && search->poll)
            status = search->poll(search->arg, err);
    }
    return status == LT_OK ? end_find(scan, err) : status;
}

/* The first known range that ends behind `at`. */
static size_t first_known(const struct lt_carve_search *search, uint64_t at)
{
    size_t low = 0, high = search->known_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (search->known[middle].at + search->known[middle].size <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t round_up(uint64_t number, uint32_t block)
{
    return (number + block - 1) / block * block;
}

static enum lt_status take_unowned(void *arg, const struct lt_unowned *run, struct lt_err *err)
{
    struct scan *scan = arg;
    const struct lt_carve_search *search = scan->search;
    uint64_t at = run->at, end = run->at + run->size;
    enum lt_status status = LT_OK;
    for (size_t i = first_known(search, at); at < end && status == LT_OK; i++) {
        bool more = i < search->known_count && search->known[i].at < end;
        uint64_t stop = more ? search->known[i].at / run->block * run->block : end;
        if (stop > at)
            status = take_run(scan, at, stop - at, run->block, err);
        uint64_t behind = more ? round_up(search->known[i].at + search->known[i].size, run->block) : end;
        at = behind > at ? behind : at;
    }
    return status;
}

enum lt_status lt_carve(const struct lt_carve_search *search, struct lt_err *err)
{
    struct scan scan = {.search = search, .bytes = lt_pages(PIECE)};
    enum lt_status status = search->fs->ops->unowned(search->fs, take_unowned, &scan, err);
    drop(&scan);
    free(scan.bytes);
    if (status == LT_OK && scan.unreadable)
        status = lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, scan.problem.sys, "%ju blocks that no file owns: %s",
                         (uintmax_t)scan.unreadable, scan.problem.text);
    return status;
}

ssize_t lt_carve_read(const struct lt_carved *find, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    for (size_t i = 0; i < find->extent_count; i++) {
        const struct lt_extent *extent = &find->extents[i];
        if (offset < extent->offset || offset - extent->offset >= extent->size)
            continue;
        uint64_t inside = offset - extent->offset, left = extent->size - inside;
        return find->fs->ops->read_unowned(find->fs, buffer, left < size ? (size_t)left : size, extent->at + inside,
                                           err);
    }
    return 0;
}
