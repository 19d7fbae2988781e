// SPDX-License-Identifier: Apache-2.0
#include "runtime/kubernetes/document.h"

#include "parse/json.h"
#include "parse/yamllines.h"

enum { MAX_DOCUMENT = 1024 * 1024, MAX_VALUES = 65536 };

static void add(struct lt_ctx *ctx, struct lt_kube_document *out, struct lt_kube_value value)
{
    if (out->values.count == MAX_VALUES) {
        out->cut = true;
        return;
    }
    struct lt_kube_value *copy = lt_new(ctx->scratch, struct lt_kube_value);
    *copy = value;
    copy->path = lt_str_dup(ctx->scratch, value.path);
    copy->text = lt_str_dup(ctx->scratch, value.text);
    lt_list_add(&out->values, ctx->scratch, copy);
}

/* Where the walk of a JSON document is. */
struct place {
    struct lt_str path;
    unsigned index, inner, depth;
    bool in_sequence;
};

static void walk(struct lt_ctx *ctx, struct lt_kube_document *out, const struct json_t *node, struct place place)
{
    struct lt_str key;
    const struct json_t *value;
    struct lt_buf text = {0};
    if (++place.depth > LT_YAML_DEPTH) {
        out->cut = true;
        return;
    }
    if (lt_json_scalar(node, &text))
        add(ctx, out, (struct lt_kube_value){place.path, lt_buf_view(&text), place.index, place.inner, 0});
    lt_buf_free(&text);
    for (void *at = NULL; lt_json_next(node, &at, &key, &value);) {
        struct place below = place;
        below.path = place.path.len ? lt_str_format(ctx->scratch, "%.*s.%.*s", LT_ARG(place.path), LT_ARG(key)) : key;
        walk(ctx, out, value, below);
    }
    for (size_t i = 0; i < lt_json_count(node); i++) {
        struct place below = place;
        below.path = lt_str_format(ctx->scratch, "%.*s[]", LT_ARG(place.path));
        below.inner = (unsigned)i;
        below.index = place.in_sequence ? place.index : below.inner;
        below.in_sequence = true;
        walk(ctx, out, lt_json_item(node, i), below);
    }
}

static void read_yaml(struct lt_ctx *ctx, struct lt_str path, struct lt_str text, struct lt_kube_document *out)
{
    struct lt_yaml yaml = {.rest = text};
    struct lt_yaml_item item;
    while (lt_yaml_next(&yaml, &item))
        add(ctx, out, (struct lt_kube_value){item.path, item.value, item.index, item.inner, yaml.document});
    if (yaml.unread)
        lt_skip(ctx, path, LT_CODE_UNSUPPORTED, "%u places of YAML that are not read, first: line %u", yaml.unread,
                yaml.first);
    lt_yaml_free(&yaml);
}

static void read_json(struct lt_ctx *ctx, struct lt_str path, struct lt_str text, struct lt_kube_document *out)
{
    struct json_t *json;
    const char *flaw;
    struct lt_err problem = {0};
    enum lt_status status = lt_json_parse(text, &json, &flaw, &problem);
    if (status != LT_OK)
        lt_skip_error(ctx, path, &problem);
    else if (flaw)
        lt_skip(ctx, path, LT_CODE_DAMAGED, "%s", flaw);
    if (status != LT_OK)
        return;
    walk(ctx, out, json, (struct place){0});
    lt_json_free(json);
}

enum lt_status lt_kube_document_read(struct lt_ctx *ctx, struct lt_str path, struct lt_kube_document *out)
{
    struct lt_str text;
    struct lt_node node;
    *out = (struct lt_kube_document){.path = path};
    enum lt_status status = lt_stat_or_skip(ctx, path, &node);
    if (status == LT_OK)
        status = lt_read_or_skip(ctx, path, MAX_DOCUMENT, LT_OPTIONAL, &text);
    const char *empty = status == LT_OK ? lt_emptiness(text) : NULL;
    if (empty)
        lt_skip(ctx, path, LT_CODE_DAMAGED, "%s", empty);
    if (status != LT_OK || empty)
        return empty ? LT_SKIP : status;
    out->written = node.time[LT_M];
    out->born = node.time[LT_B];
    if (lt_str_starts(lt_str_trim(text), LT_STR("{")))
        read_json(ctx, path, text, out);
    else
        read_yaml(ctx, path, text, out);
    if (out->cut)
        lt_skip(ctx, path, LT_CODE_TOO_LARGE, "more than %d values, or nested too deep", MAX_VALUES);
    return LT_OK;
}

bool lt_kube_document_next(const struct lt_kube_document *file, size_t *at, struct lt_list *out)
{
    size_t end = *at;
    if (*at == file->values.count)
        return false;
    const struct lt_kube_value *first = file->values.items[*at];
    while (end < file->values.count &&
           ((const struct lt_kube_value *)file->values.items[end])->document == first->document)
        end++;
    *out = (struct lt_list){file->values.items + *at, end - *at, end - *at};
    *at = end;
    return true;
}

struct lt_str lt_kube_value_at(const struct lt_list *values, const char *path)
{
    lt_each (const struct lt_kube_value, value, values)
        if (lt_str_eq(value->path, lt_str_c(path)))
            return value->text;
    return LT_STR("");
}
