// SPDX-License-Identifier: Apache-2.0
#include "parse/json.h"

#include "base/utf8.h"

#include <ctype.h>
#include <float.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NUMBER = 400 }; /* more than the characters of the longest real */

/* Copy an escape of a string or its replacement; returns the length of the escape in `text`. */
static size_t repair_escape(struct lt_buf *out, struct lt_str text)
{
    uint32_t code, low;
    size_t size = text.len < 2 ? text.len : 2;
    if (lt_str_starts(text, LT_STR("\\u")) && lt_hex4(lt_str_skip(text, 2), &code)) {
        struct lt_str after = lt_str_skip(text, 6);
        bool high = code >= 0xD800 && code <= 0xDBFF, half = code >= 0xD800 && code <= 0xDFFF;
        size = 6;
        if (high && lt_str_starts(after, LT_STR("\\u")) && lt_hex4(lt_str_skip(after, 2), &low) && low >= 0xDC00 &&
            low <= 0xDFFF)
            size = 12;
        else if (half || !code) {
            lt_buf_add(out, half ? LT_STR("\\ufffd") : LT_STR("\\\\x00"));
            return size;
        }
    }
    lt_buf_add(out, (struct lt_str){text.ptr, size});
    return size;
}

/* Copy a number, or write null if no real can hold it. */
static size_t repair_number(struct lt_buf *out, struct lt_str text)
{
    char digits[MAX_NUMBER + 1] = "";
    size_t size = 0;
    while (size < text.len && text.ptr[size] && strchr("+-.0123456789eE", text.ptr[size]))
        size++;
    if (size <= MAX_NUMBER) {
        memcpy(digits, text.ptr, size);
        digits[size] = 0;
    }
    bool holds = size <= MAX_NUMBER && fabs(strtod(digits, NULL)) <= DBL_MAX;
    lt_buf_add(out, holds ? (struct lt_str){text.ptr, size} : LT_STR("null"));
    return size;
}

/* Text that jansson accepts, made from text that it refuses. The caller frees it. */
static struct lt_buf repaired(struct lt_str text)
{
    struct lt_buf out = {0};
    bool quoted = false;
    if (lt_str_starts(text, LT_STR("\xEF\xBB\xBF")))
        text = lt_str_skip(text, 3);
    while (text.len) {
        struct lt_rune rune = lt_utf8_next(text);
        size_t size = rune.size;
        bool number = !quoted && (rune.code == '-' || (rune.code >= '0' && rune.code <= '9'));
        if (!rune.valid || (quoted && rune.code < 0x20))
            lt_buf_printf(&out, "\\\\x%02x", (unsigned char)text.ptr[0]);
        else if (quoted && rune.code == '\\')
            size = repair_escape(&out, text);
        else if (number)
            size = repair_number(&out, text);
        else
            lt_buf_add(&out, (struct lt_str){text.ptr, size});
        quoted ^= rune.valid && rune.code == '"';
        text = lt_str_skip(text, size);
    }
    return out;
}

/* Is it a byte that no JSON text has, in a string or elsewhere? */
static bool is_foreign(char byte)
{
    return ((unsigned char)byte < 0x20 && !strchr("\t\n\r", byte)) || !byte || byte == 0x7F || byte & 0x80;
}

/* Put `other` in the place of `size` bytes at `at`. The caller frees the result. */
static struct lt_buf replaced(struct lt_str text, size_t at, size_t size, const char *other)
{
    struct lt_buf out = {0};
    lt_buf_add(&out, (struct lt_str){text.ptr, at});
    lt_buf_add(&out, lt_str_c(other));
    lt_buf_add(&out, lt_str_skip(text, at + size));
    return out;
}

/* The document if one byte, at `at`, is something else, as JSON has it in such a place; NULL if it is none then, or if
 * there are several. A number or a word that has a foreign byte is lost, and becomes null. */
static json_t *guess(struct lt_str text, size_t at)
{
    static const char *const marks[] = {"\"", ",", ":", "{", "}", "[", "]"};
    json_error_t ignored;
    json_t *found = NULL;
    size_t from = at, to = at + 1, count = 0;
    while (from &&
           (text.ptr[from - 1] == '.' || text.ptr[from - 1] == '-' || isalnum((unsigned char)text.ptr[from - 1])))
        from--;
    while (to < text.len && (text.ptr[to] == '.' || isalnum((unsigned char)text.ptr[to])))
        to++;
    for (size_t i = is_foreign(text.ptr[at]) ? 0 : 1; i <= sizeof marks / sizeof *marks; i++) {
        bool word = i == 0;
        struct lt_buf tried = word ? replaced(text, from, to - from, "null") : replaced(text, at, 1, marks[i - 1]);
        struct lt_buf repair = repaired(lt_buf_view(&tried));
        json_t *document = json_loadb(repair.ptr, repair.len, JSON_ALLOW_NUL, &ignored);
        lt_buf_free(&tried);
        lt_buf_free(&repair);
        count += document != NULL;
        if (found || !document)
            json_decref(document);
        else
            found = document;
    }
    if (count == 1)
        return found;
    json_decref(found);
    return NULL;
}

static bool is_in_string(struct lt_str text, size_t at)
{
    bool quoted = false;
    for (size_t i = 0; i < at; i++) {
        i += quoted && text.ptr[i] == '\\';
        quoted ^= i < at && text.ptr[i] == '"';
    }
    return quoted;
}

/* The document, if one of the first foreign bytes in it stands for something that can be told; or, where there is none,
 * one of the last bytes before `end`, behind which jansson could not go on, unless the text breaks off there. */
static json_t *guess_any(struct lt_str text, size_t end)
{
    enum { MOST_TRIES = 4, MOST_BYTES = 256 * 1024 }; /* each try parses all of it */
    json_t *found = NULL;
    unsigned tries = text.len <= MOST_BYTES ? 0 : MOST_TRIES;
    for (size_t i = 0; i < text.len && tries < MOST_TRIES && !found; i++)
        if (is_foreign(text.ptr[i])) {
            tries++;
            found = guess(text, i);
        }
    for (size_t i = end < text.len ? end : 0; i > 0 && tries < MOST_TRIES && !found; i--, tries++)
        found = is_in_string(text, i - 1) ? NULL : guess(text, i - 1);
    return found;
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
    struct lt_buf repair = repaired(text);
    *flaw = "bytes that are no UTF-8, or escapes or numbers that nothing can hold: repaired";
    *out = json_loadb(repair.ptr ? repair.ptr : "", repair.len, JSON_ALLOW_NUL, &ignored);
    if (!*out) {
        *flaw = "integers beyond 64 bits: no integer of the file is known";
        *out = json_loadb(repair.ptr ? repair.ptr : "", repair.len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &ignored);
    }
    lt_buf_free(&repair);
    if (!*out) {
        *flaw = "a byte that is no part of JSON: what it stood for is inferred";
        *out = guess_any(text, (size_t)strict.position);
    }
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

const struct json_t *lt_json_member(const struct json_t *object, struct lt_str key)
{
    return json_object_getn(object, key.ptr, key.len);
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

bool lt_json_scalar(const struct json_t *node, struct lt_buf *out)
{
    if (json_is_string(node))
        lt_buf_add(out, lt_json_str(node, ""));
    else if (json_is_integer(node))
        lt_buf_int(out, json_integer_value(node));
    else if (json_is_real(node))
        lt_buf_printf(out, "%g", json_real_value(node));
    else if (json_is_boolean(node))
        lt_buf_add(out, json_is_true(node) ? LT_STR("true") : LT_STR("false"));
    else if (json_is_null(node))
        lt_buf_lit(out, "null");
    else
        return false;
    return true;
}

bool lt_json_is_object(const struct json_t *node)
{
    return json_is_object(node);
}

bool lt_json_is_array(const struct json_t *node)
{
    return json_is_array(node);
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
