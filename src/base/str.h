// SPDX-License-Identifier: Apache-2.0
/* Byte strings. Names and texts from the evidence may hold any byte; they are never assumed to be UTF-8 or to end in
 * NUL. `lt_str` is a view that owns nothing; `lt_buf` is a growing buffer that owns its bytes. */
#ifndef LT_BASE_STR_H
#define LT_BASE_STR_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct lt_str {
    const char *ptr;
    size_t len;
};

/* A view of a string literal. */
#define LT_STR(literal) ((struct lt_str){"" literal, sizeof(literal) - 1})

/* The two arguments for "%.*s" of printf. */
#define LT_ARG(str) (int)(str).len, (str).ptr

/* View a C string; NULL gives an empty view. */
struct lt_str lt_str_c(const char *text);

bool lt_str_eq(struct lt_str a, struct lt_str b);

/* Compare bytes as memcmp() does, a prefix first: negative, 0 or positive. */
int lt_str_cmp(struct lt_str a, struct lt_str b);

bool lt_str_starts(struct lt_str str, struct lt_str prefix);
bool lt_str_ends(struct lt_str str, struct lt_str suffix);

/* The view without its first `count` bytes; unchanged if it has fewer. */
struct lt_str lt_str_skip(struct lt_str str, size_t count);

/* The view without white space (space, tab, CR, LF) at both ends. */
struct lt_str lt_str_trim(struct lt_str str);

/* Cut the part before the first `sep` off `rest` and return it; `rest` becomes what follows `sep`. Without a `sep`,
 * return all of `rest`; `rest` becomes empty. */
struct lt_str lt_str_cut(struct lt_str *rest, char sep);

/* The part of `path` after its last slash; all of it if there is none. */
struct lt_str lt_str_basename(struct lt_str path);

/* The part of `path` before its last slash, or "" if there is none. */
struct lt_str lt_str_dirname(struct lt_str path);

/* Store the rest of `path` after `above` in `*rest`: "" if they are equal, otherwise with its leading slash. False:
 * `path` is not `above` or below it. `above` is "" for the root. */
bool lt_path_behind(struct lt_str path, struct lt_str above, struct lt_str *rest);

/* A copy in `arena` with ASCII letters in lower case. */
struct lt_str lt_str_lower(struct lt_arena *arena, struct lt_str str);

/* Copy into `arena`, with a NUL after the end so that `.ptr` is also a C string. */
struct lt_str lt_str_dup(struct lt_arena *arena, struct lt_str str);

/* printf() into `arena`, NUL-terminated. */
struct lt_str lt_str_format(struct lt_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "<dir>/<name>" in `arena`, NUL-terminated. `dir` is "" for the root. */
struct lt_str lt_path_join(struct lt_arena *arena, struct lt_str dir, struct lt_str name);

/* Initialise with `struct lt_buf buf = {0};`, release with lt_buf_free(). */
struct lt_buf {
    char *ptr; /* owned; NULL while empty */
    size_t len, cap;
};

/* Enlarge the buffer for `more` bytes after `len`. Aborts the program when memory runs out. */
void lt_buf_grow(struct lt_buf *buf, size_t more);

/* Make room for `more` bytes after `len`. This and the next two are inline because each row calls them many times. */
static inline void lt_buf_reserve(struct lt_buf *buf, size_t more)
{
    if (buf->cap - buf->len < more)
        lt_buf_grow(buf, more);
}

static inline void lt_buf_add(struct lt_buf *buf, struct lt_str str)
{
    if (!str.len)
        return;
    lt_buf_reserve(buf, str.len);
    memcpy(buf->ptr + buf->len, str.ptr, str.len);
    buf->len += str.len;
}

static inline void lt_buf_char(struct lt_buf *buf, char byte)
{
    lt_buf_reserve(buf, 1);
    buf->ptr[buf->len++] = byte;
}

void lt_buf_uint(struct lt_buf *buf, uint64_t number);
void lt_buf_int(struct lt_buf *buf, int64_t number);

/* Append decimal digits, zero-padded to `width` (at most 20). */
void lt_buf_padded(struct lt_buf *buf, uint64_t number, unsigned width);

/* Append decimal digits, right-aligned in `width` columns. */
void lt_buf_right(struct lt_buf *buf, uint64_t number, unsigned width);

void lt_buf_printf(struct lt_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Add a string literal. */
#define lt_buf_lit(buf, literal) lt_buf_add((buf), LT_STR(literal))

struct lt_str lt_buf_view(const struct lt_buf *buf);
void lt_buf_free(struct lt_buf *buf);

#endif
