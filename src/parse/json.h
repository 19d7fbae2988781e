// SPDX-License-Identifier: Apache-2.0
/* JSON documents of the evidence, through jansson. Only json.c includes it. For input only: output is written by hand
 * (json_pack and json_dumpb take 40 times as long). */
#ifndef LT_PARSE_JSON_H
#define LT_PARSE_JSON_H

#include "base/err.h"
#include "base/str.h"

/* Cap on the size of a document: jansson needs up to 80 times the size of a hostile one. */
enum { LT_MAX_JSON = 4 * 1024 * 1024 };

struct json_t;

/* Parse one document. One bad byte must not hide a container, so text that jansson refuses is repaired and tried again.
 * `flaw` (static) then says what was wrong, NULL if nothing: duplicate keys (the last one counts), invalid UTF-8 (each
 * bad byte becomes the four characters \xNN), escapes that jansson refuses (a lone surrogate becomes U+FFFD, a NUL the
 * characters \x00), a byte order mark, numbers beyond reals (null), integers beyond 64 bits (all integers are lost
 * then), control characters in strings (\xNN), one that stands where only one mark of JSON can have stood, or a number
 * or word, which becomes null. LT_SKIP: it is not JSON. Free `*out` with lt_json_free(). */
enum lt_status lt_json_parse(struct lt_str text, struct json_t **out, const char **flaw, struct lt_err *err);
void lt_json_free(struct json_t *root);

/* The getters take a path of object keys joined by dots ("State.StartedAt"; "" is the node itself), accept NULL as a
 * node, and return an empty value if something is absent or has another type. Views live as long as the document. */
const struct json_t *lt_json_at(const struct json_t *node, const char *path);
/* The member `key`, which may have dots in it. */
const struct json_t *lt_json_member(const struct json_t *object, struct lt_str key);
struct lt_str lt_json_str(const struct json_t *node, const char *path);
bool lt_json_bool(const struct json_t *node, const char *path);

/* Store the integer at `path`. False: there is none, and `*out` is 0. */
bool lt_json_int(const struct json_t *node, const char *path, int64_t *out);

/* Append a string, a number, "true", "false" or "null" as text; false for anything else. */
bool lt_json_scalar(const struct json_t *node, struct lt_buf *out);

/* Is it an object? Is it an array? */
bool lt_json_is_object(const struct json_t *node);
bool lt_json_is_array(const struct json_t *node);

/* Items of an array; 0 and NULL for anything else. */
size_t lt_json_count(const struct json_t *node);
const struct json_t *lt_json_item(const struct json_t *node, size_t at);

/* Walk the members of an object in file order: start with `*iter` NULL, stop at false. */
bool lt_json_next(const struct json_t *object, void **iter, struct lt_str *key, const struct json_t **value);

/* Version of jansson, for --version. */
const char *lt_json_version(void);

#endif
