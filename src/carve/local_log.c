// SPDX-License-Identifier: Apache-2.0
/* A log of Docker's `local` driver, which is also the cache of drivers that cannot be read back: whole records, each
 * behind the other. */
#include "carve/grown.h"
#include "parse/locallog.h"

/* A record begins with its length, and its entry with the source, which is stdout or stderr. */
static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    enum { SOURCE = 4 };
    size_t length;
    (void)skip;
    if (block->bytes.len < LT_LOCALLOG_FRAME || memcmp(block->bytes.ptr + SOURCE, "\x0a\x06std", 5) != 0)
        return false;
    return lt_locallog_length(block->bytes, &length) == LT_OK && length <= LT_LOCALLOG_USUAL;
}

/* The whole records in `rest`: the number of their bytes. `*ends`: what follows is none. */
static size_t whole_records(struct lt_carve_find *find, struct lt_str bytes, bool *ends)
{
    struct lt_locallog log;
    struct lt_err ignored = {0};
    size_t at = 0, length;
    *ends = false;
    for (;;) {
        struct lt_str rest = lt_str_skip(bytes, at);
        enum lt_status status = lt_locallog_length(rest, &length);
        if (at == bytes.len || status == LT_END ||
            (status == LT_OK && length > rest.len && length <= LT_LOCALLOG_USUAL))
            return at;
        *ends = status != LT_OK || length > rest.len ||
                lt_locallog_parse((struct lt_str){rest.ptr, length}, &log, &ignored) != LT_OK;
        if (*ends)
            return at;
        lt_time_widen(&find->said.first, &find->said.last, log.time);
        at += length;
    }
}

/* `rest` has the record that goes on in the next block. */
static enum lt_carve_step take(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used)
{
    bool ends;
    size_t before = find->rest.len;
    lt_buf_add(&find->rest, block->bytes);
    size_t whole = whole_records(find, lt_buf_view(&find->rest), &ends);
    if (ends) {
        /* What waited for this block was no record, or this block is another file's. */
        *used = whole > before ? whole - before : 0;
        find->sound = whole >= before;
        find->size -= whole < before ? before - whole : 0;
        return *used ? LT_CARVE_DONE : LT_CARVE_NOT;
    }
    find->rest.len -= whole;
    memmove(find->rest.ptr, find->rest.ptr + whole, find->rest.len);
    *used = block->bytes.len;
    return LT_CARVE_MORE;
}

static bool finish(struct lt_carve_find *find)
{
    find->sound = false;
    return find->said.first.set;
}

const struct lt_carve_format lt_carve_local_log = {
    .name = "local-log",
    .begins = begins,
    .take = take,
    .finish = finish,
    .why = "a log has no mark of its begin, nor of its end",
};
