// SPDX-License-Identifier: Apache-2.0
#include "json.h"

#include "../base/utf8.h"

#include <jansson.h>

/* Text with every byte that is no UTF-8 replaced by \xNN, the backslash itself escaped for JSON. */
static struct lt_buf repaired(struct lt_str text)
{
    struct lt_buf out = {0};
    while (text.len) {
        struct lt_rune rune = lt_utf8_next(text);
        if (rune.valid)
            lt_buf_add(&out, (struct lt_str){text.ptr, rune.size});
        else
            lt_buf_printf(&out, "\\\\x%02x", (unsigned char)text.ptr[0]);
        text = lt_str_skip(text, rune.size);
    }
    return out;
}

enum lt_status lt_json_parse(struct lt_str text, struct json_t **out, const char **flaw, struct lt_err *err)
{
    json_error_t strict, ignored;
    *flaw = NULL;
    *out = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &strict);
    if (*out)
        return LT_OK;
    *flaw = "duplicate keys: the last one counts";
    *out = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, &ignored);
    if (*out)
        return LT_OK;
    *flaw = "bytes that are no UTF-8, or numbers beyond 64 bits";
    struct lt_buf repair = repaired(text);
    *out = json_loadb(repair.ptr ? repair.ptr : "", repair.len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &ignored);
    lt_buf_free(&repair);
    if (*out)
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no JSON: %s at byte %d", strict.text, strict.position);
}

void lt_json_free(struct json_t *root)
{
    json_decref(root);
}

const struct json_t *lt_json_at(const struct json_t *node, const char *path)
{
    struct lt_str rest = lt_str_c(path);
    while (node && rest.len) {
        struct lt_str key = lt_str_cut(&rest, '.');
        node = json_object_getn(node, key.ptr, key.len);
    }
    return node;
}

struct lt_str lt_json_str(const struct json_t *node, const char *path)
{
    const struct json_t *value = lt_json_at(node, path);
    if (!json_is_string(value))
        return LT_STR("");
    return (struct lt_str){json_string_value(value), json_string_length(value)};
}

bool lt_json_bool(const struct json_t *node, const char *path)
{
    return json_is_true(lt_json_at(node, path));
}

bool lt_json_int(const struct json_t *node, const char *path, int64_t *out)
{
    const struct json_t *value = lt_json_at(node, path);
    *out = json_integer_value(value);
    return json_is_integer(value);
}

bool lt_json_is_object(const struct json_t *node)
{
    return json_is_object(node);
}

size_t lt_json_count(const struct json_t *node)
{
    return json_array_size(node);
}

const struct json_t *lt_json_item(const struct json_t *node, size_t at)
{
    return json_array_get(node, at);
}

bool lt_json_next(const struct json_t *object, void **iter, struct lt_str *key, const struct json_t **value)
{
    if (!json_is_object(object))
        return false;
    /* jansson's iterators take no const, but do not change the object. */
    json_t *source = (json_t *)(size_t)object;
    *iter = *iter ? json_object_iter_next(source, *iter) : json_object_iter(source);
    if (!*iter)
        return false;
    *key = (struct lt_str){json_object_iter_key(*iter), json_object_iter_key_len(*iter)};
    *value = json_object_iter_value(*iter);
    return true;
}

const char *lt_json_version(void)
{
    return jansson_version_str();
}
