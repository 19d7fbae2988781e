// SPDX-License-Identifier: Apache-2.0
/* A database: every item lies within the file, and there are no more of them than it has room for. */
#include "parse/bbolt.h"

#include "fuzz.h"

struct seen {
    struct lt_str file;
    size_t items, bytes;
    enum lt_bolt_origin origin;
};

static bool inside(struct lt_str part, struct lt_str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static enum lt_status each(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct seen *seen = arg;
    (void)err;
    PROMISE(item->depth <= LT_BOLT_DEPTH);
    for (size_t i = 0; i < item->depth; i++)
        PROMISE(inside(item->path[i], seen->file));
    PROMISE(inside(item->key, seen->file) && inside(item->value, seen->file));
    PROMISE(!item->key.len || item->key.ptr == seen->file.ptr + item->offset);
    PROMISE(item->origin >= seen->origin && item->origin < LT_BOLT_ORIGINS);
    PROMISE(!item->known || item->origin != LT_BOLT_LIVE);
    seen->origin = item->origin;
    seen->bytes += item->key.len + item->value.len;
    PROMISE(++seen->items <= seen->file.len / 8 + 64 && seen->bytes <= 2 * seen->file.len);
    return seen->items == 1000 ? LT_FATAL : LT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {.file = {(const char *)data, size}};
    struct lt_bolt bolt;
    enum lt_status status = lt_bolt_read(seen.file, &bolt, each, &seen, NULL);
    PROMISE(status == (seen.items == 1000 ? LT_FATAL : LT_OK));
    PROMISE(!bolt.damages == !bolt.damage[0]);
    return 0;
}
