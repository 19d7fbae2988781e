// SPDX-License-Identifier: Apache-2.0
#include "read/values.h"

#include "parse/json.h"

#include <stdarg.h>
#include <stdio.h>

enum { SHOWN = 80, PLACE = 200, RUN = 4 };

static struct lt_str shortened(struct lt_str text, size_t most)
{
    return (struct lt_str){text.ptr, text.len < most ? text.len : most};
}

void lt_skip_value(struct lt_ctx *ctx, struct lt_str database, const struct lt_bolt_item *item, const char *code,
                   const char *format, ...)
{
    char text[sizeof((struct lt_err *)NULL)->text];
    struct lt_buf place = {0};
    va_list args;
    if (!lt_bolt_counts(item))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (size_t i = 0; i < item->depth; i++)
        lt_buf_printf(&place, "%.*s/", LT_ARG(shortened(item->path[i], SHOWN)));
    struct lt_str buckets = lt_buf_view(&place);
    if (buckets.len > PLACE) /* the innermost names say most */
        buckets = lt_str_skip(buckets, buckets.len - PLACE);
    lt_skip(ctx, database, code, "offset %ju, '%.*s%.*s': %s", (uintmax_t)item->offset, LT_ARG(buckets),
            LT_ARG(shortened(item->key, SHOWN)), text);
    lt_buf_free(&place);
}

void lt_skip_unknown(struct lt_ctx *ctx, struct lt_str database, const struct lt_bolt_item *item, struct lt_map *told,
                     struct lt_str kind)
{
    if (lt_map_get(told, kind) || !lt_bolt_counts(item))
        return;
    lt_map_put(told, ctx->run, lt_str_dup(ctx->run, kind), told);
    lt_skip_value(ctx, database, item, LT_CODE_UNSUPPORTED, "no key of that name is known here: it is not read");
}

bool lt_is_altered(struct lt_str found, struct lt_str known)
{
    size_t first = 0, last = known.len;
    if (found.len != known.len || known.len < RUN || lt_str_eq(found, known))
        return false;
    while (found.ptr[first] == known.ptr[first])
        first++;
    while (found.ptr[last - 1] == known.ptr[last - 1])
        last--;
    return last - first == 1 || (last - first <= RUN && (last - first) * 2 < known.len);
}

void lt_skip_altered(struct lt_ctx *ctx, struct lt_str database, const struct lt_bolt_item *item,
                     const char *const keys[])
{
    for (size_t i = 0; keys[i]; i++)
        if (lt_is_altered(item->key, lt_str_c(keys[i])))
            lt_skip_value(ctx, database, item, LT_CODE_DAMAGED, "a key that may be '%s', damaged", keys[i]);
}

/* Members of the object that may be one of the names. */
static void check_members(struct lt_ctx *ctx, struct lt_str database, const struct lt_bolt_item *item,
                          const struct json_t *json, const char *const members[])
{
    struct lt_str key;
    const struct json_t *value;
    for (void *iter = NULL; lt_json_next(json, &iter, &key, &value);)
        for (size_t i = 0; members[i]; i++)
            if (lt_is_altered(key, lt_str_c(members[i])) && !lt_json_member(json, lt_str_c(members[i])))
                lt_skip_value(ctx, database, item, LT_CODE_DAMAGED, "a member '%.*s' that may be '%s', damaged",
                              LT_ARG(shortened(key, SHOWN)), members[i]);
}

struct json_t *lt_value_json_or_skip(struct lt_ctx *ctx, struct lt_str database, const struct lt_bolt_item *item,
                                     struct lt_str text, const char *const members[])
{
    struct json_t *json = NULL;
    struct lt_err problem = {0};
    const char *flaw = NULL;
    if (text.len > LT_MAX_JSON) {
        lt_skip_value(ctx, database, item, LT_CODE_TOO_LARGE, "a value of %zu bytes is not read", text.len);
        return NULL;
    }
    if (lt_json_parse(text, &json, &flaw, &problem) != LT_OK)
        lt_skip_value(ctx, database, item, LT_CODE_DAMAGED, "a value that is no JSON: %s", problem.text);
    else if (flaw)
        lt_skip_value(ctx, database, item, LT_CODE_DAMAGED, "%s", flaw);
    else if (!lt_json_is_object(json))
        lt_skip_value(ctx, database, item, LT_CODE_DAMAGED, "a value that is no object");
    check_members(ctx, database, item, json, members);
    return json;
}
