// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lt_str lt_str_c(const char *text)
{
    return (struct lt_str){text ? text : "", text ? strlen(text) : 0};
}

bool lt_str_eq(struct lt_str a, struct lt_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int lt_str_cmp(struct lt_str a, struct lt_str b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.ptr, b.ptr, common) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool lt_str_starts(struct lt_str str, struct lt_str prefix)
{
    return str.len >= prefix.len && memcmp(str.ptr, prefix.ptr, prefix.len) == 0;
}

bool lt_str_ends(struct lt_str str, struct lt_str suffix)
{
    return str.len >= suffix.len && memcmp(str.ptr + str.len - suffix.len, suffix.ptr, suffix.len) == 0;
}

struct lt_str lt_str_skip(struct lt_str str, size_t count)
{
    if (count > str.len)
        return str;
    return (struct lt_str){str.ptr + count, str.len - count};
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

struct lt_str lt_str_trim(struct lt_str str)
{
    while (str.len && is_space(str.ptr[0]))
        str = lt_str_skip(str, 1);
    while (str.len && is_space(str.ptr[str.len - 1]))
        str.len--;
    return str;
}

struct lt_str lt_str_cut(struct lt_str *rest, char sep)
{
    struct lt_str part = *rest;
    const char *at = part.len ? memchr(part.ptr, sep, part.len) : NULL;
    if (!at) {
        *rest = (struct lt_str){part.ptr + part.len, 0};
        return part;
    }
    part.len = (size_t)(at - part.ptr);
    *rest = lt_str_skip(*rest, part.len + 1);
    return part;
}

struct lt_str lt_str_basename(struct lt_str path)
{
    const char *slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;
    return slash ? lt_str_skip(path, (size_t)(slash - path.ptr) + 1) : path;
}

struct lt_str lt_str_dirname(struct lt_str path)
{
    const char *slash = path.len ? memrchr(path.ptr, '/', path.len) : NULL;
    return (struct lt_str){path.ptr, slash ? (size_t)(slash - path.ptr) : 0};
}

bool lt_path_behind(struct lt_str path, struct lt_str above, struct lt_str *rest)
{
    if (!lt_str_starts(path, above) || (path.len > above.len && path.ptr[above.len] != '/'))
        return false;
    *rest = lt_str_skip(path, above.len);
    return true;
}

struct lt_str lt_str_lower(struct lt_arena *arena, struct lt_str str)
{
    char *bytes = lt_arena_alloc(arena, str.len + 1);
    for (size_t i = 0; i < str.len; i++)
        bytes[i] = str.ptr[i] >= 'A' && str.ptr[i] <= 'Z' ? (char)(str.ptr[i] - 'A' + 'a') : str.ptr[i];
    return (struct lt_str){bytes, str.len};
}

struct lt_str lt_str_dup(struct lt_arena *arena, struct lt_str str)
{
    char *copy = lt_arena_alloc(arena, str.len + 1);
    if (str.len)
        memcpy(copy, str.ptr, str.len);
    return (struct lt_str){copy, str.len};
}

struct lt_str lt_str_format(struct lt_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    size_t size = length < 0 ? 0 : (size_t)length;
    char *text = lt_arena_alloc(arena, size + 1);
    vsnprintf(text, size + 1, format, again);
    va_end(again);
    return (struct lt_str){text, size};
}

struct lt_str lt_path_join(struct lt_arena *arena, struct lt_str dir, struct lt_str name)
{
    char *path = lt_arena_alloc(arena, dir.len + 1 + name.len + 1);
    if (dir.len)
        memcpy(path, dir.ptr, dir.len);
    path[dir.len] = '/';
    if (name.len)
        memcpy(path + dir.len + 1, name.ptr, name.len);
    return (struct lt_str){path, dir.len + 1 + name.len};
}

void lt_buf_grow(struct lt_buf *buf, size_t more)
{
    size_t wanted = buf->len + more;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap < wanted)
        cap *= 2;
    buf->ptr = lt_realloc(buf->ptr, cap);
    buf->cap = cap;
}

/* Number of decimal digits of `number`, at least 1. */
static unsigned count_digits(uint64_t number)
{
    static const uint64_t powers[] = {
        0,
        10,
        100,
        1000,
        10000,
        100000,
        1000000,
        10000000,
        100000000,
        1000000000,
        10000000000,
        100000000000,
        1000000000000,
        10000000000000,
        100000000000000,
        1000000000000000,
        10000000000000000,
        100000000000000000,
        1000000000000000000,
        10000000000000000000u,
    };
    unsigned bits = 64 - (unsigned)__builtin_clzll(number | 1), guess = bits * 1233 >> 12; /* log10(2) = 1233 / 4096 */
    return guess + (number >= powers[guess]);
}

void lt_buf_padded(struct lt_buf *buf, uint64_t number, unsigned width)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    unsigned digits = count_digits(number), all = digits > width ? digits : width;
    lt_buf_reserve(buf, all);
    char *start = buf->ptr + buf->len, *at = start + all;
    buf->len += all;
    for (; number >= 100; number /= 100)
        memcpy(at -= 2, pairs + number % 100 * 2, 2);
    if (number >= 10)
        memcpy(at -= 2, pairs + number * 2, 2);
    else
        *--at = (char)('0' + number);
    while (at > start)
        *--at = '0';
}

void lt_buf_right(struct lt_buf *buf, uint64_t number, unsigned width)
{
    size_t start = buf->len;
    lt_buf_uint(buf, number);
    size_t digits = buf->len - start;
    if (digits >= width)
        return;
    lt_buf_reserve(buf, width);
    memmove(buf->ptr + start + width - digits, buf->ptr + start, digits);
    memset(buf->ptr + start, ' ', width - digits);
    buf->len = start + width;
}

void lt_buf_uint(struct lt_buf *buf, uint64_t number)
{
    lt_buf_padded(buf, number, 1);
}

void lt_buf_int(struct lt_buf *buf, int64_t number)
{
    if (number < 0)
        lt_buf_char(buf, '-');
    lt_buf_uint(buf, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void lt_buf_printf(struct lt_buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length > 0) {
        lt_buf_reserve(buf, (size_t)length + 1);
        vsnprintf(buf->ptr + buf->len, (size_t)length + 1, format, again);
        buf->len += (size_t)length;
    }
    va_end(again);
}

struct lt_str lt_buf_view(const struct lt_buf *buf)
{
    return (struct lt_str){buf->ptr ? buf->ptr : "", buf->len};
}

void lt_buf_free(struct lt_buf *buf)
{
    free(buf->ptr);
    *buf = (struct lt_buf){0};
}
