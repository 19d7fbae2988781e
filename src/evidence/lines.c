// SPDX-License-Identifier: Apache-2.0
#include "lines.h"

#include "../base/gz.h"

#include <stdlib.h>

enum { CHUNK = 64 * 1024, MAX_RATIO = 1200, FREE_OUTPUT = 64 * 1024 * 1024 };

struct lt_lines {
    struct lt_file file;
    struct lt_inflate *inflate; /* NULL: plain */
    uint64_t in_offset;         /* next byte of the file to read */
    uint64_t out_offset;        /* of data.ptr[0] in the unpacked file */
    char input[CHUNK];
    struct lt_str pending; /* compressed bytes of `input` not yet used */
    struct lt_buf data;    /* unpacked bytes from `out_offset` on */
    size_t start, scanned; /* next line begins; no newline before here */
    bool at_end, overlong;
};

enum lt_status lt_lines_open(struct lt_fs *fs, struct lt_str path, struct lt_lines **out, struct lt_err *err)
{
    *out = NULL;
    struct lt_file file;
    enum lt_status status = lt_file_open(fs, path, &file, err);
    if (status != LT_OK)
        return status;
    struct lt_lines *lines = lt_realloc(NULL, sizeof *lines);
    *lines = (struct lt_lines){.file = file};
    char magic[3];
    ssize_t got = lt_file_read(&file, magic, sizeof magic, 0, NULL);
    if (got == sizeof magic && lt_is_gzip((struct lt_str){magic, sizeof magic}))
        lines->inflate = lt_inflate_new();
    *out = lines;
    return LT_OK;
}

static ssize_t read_chunk(struct lt_lines *lines, char *buffer, struct lt_err *err)
{
    ssize_t got = lt_file_read(&lines->file, buffer, CHUNK, lines->in_offset, err);
    if (got > 0)
        lines->in_offset += (uint64_t)got;
    return got;
}

static enum lt_status fill_plain(struct lt_lines *lines, struct lt_err *err)
{
    lt_buf_reserve(&lines->data, CHUNK);
    ssize_t got = read_chunk(lines, lines->data.ptr + lines->data.len, err);
    lines->at_end = got <= 0;
    if (got > 0)
        lines->data.len += (size_t)got;
    return got < 0 ? LT_SKIP : LT_OK;
}

static enum lt_status fill_gzip(struct lt_lines *lines, struct lt_err *err)
{
    if (!lines->pending.len) {
        ssize_t got = read_chunk(lines, lines->input, err);
        lines->at_end = got <= 0;
        if (got == 0 && lt_inflate_incomplete(lines->inflate))
            return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "gzip data breaks off");
        if (got <= 0)
            return got < 0 ? LT_SKIP : LT_OK;
        lines->pending = (struct lt_str){lines->input, (size_t)got};
    }
    lt_buf_reserve(&lines->data, CHUNK);
    size_t got;
    enum lt_status status =
        lt_inflate(lines->inflate, &lines->pending, lines->data.ptr + lines->data.len, CHUNK, &got, err);
    lines->data.len += got;
    uint64_t unpacked = lines->out_offset + lines->data.len;
    if (status == LT_OK && unpacked > FREE_OUTPUT && unpacked / MAX_RATIO > lines->in_offset)
        status =
            lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "gzip data unpacks to more than %d times its size", MAX_RATIO);
    lines->at_end = status == LT_SKIP;
    return status == LT_SKIP ? LT_SKIP : LT_OK;
}

/* Drop the lines already handed out, then read more. */
static enum lt_status fill(struct lt_lines *lines, struct lt_err *err)
{
    if (lines->start) {
        memmove(lines->data.ptr, lines->data.ptr + lines->start, lines->data.len - lines->start);
        lines->data.len -= lines->start;
        lines->scanned -= lines->start;
        lines->out_offset += lines->start;
        lines->start = 0;
    }
    return lines->inflate ? fill_gzip(lines, err) : fill_plain(lines, err);
}

static struct lt_line take(struct lt_lines *lines, size_t end, bool complete)
{
    struct lt_line line = {
        .text = {lines->data.ptr + lines->start, end - lines->start},
        .offset = lines->out_offset + lines->start,
        .complete = complete,
    };
    lines->start = lines->scanned = complete ? end + 1 : end;
    return line;
}

enum lt_status lt_lines_next(struct lt_lines *lines, struct lt_line *out, struct lt_err *err)
{
    for (;;) {
        size_t unscanned = lines->data.len - lines->scanned;
        const char *newline = unscanned ? memchr(lines->data.ptr + lines->scanned, '\n', unscanned) : NULL;
        bool last = !newline && lines->at_end;
        if (newline || (last && lines->start < lines->data.len)) {
            size_t end = newline ? (size_t)(newline - lines->data.ptr) : lines->data.len;
            *out = take(lines, end, newline);
            if (!lines->overlong)
                return LT_OK;
            lines->overlong = false;
            continue;
        }
        if (last)
            return LT_END;
        lines->scanned = lines->data.len;
        if (lines->data.len - lines->start > LT_MAX_LINE) {
            bool known = lines->overlong;
            lines->overlong = true;
            *out = take(lines, lines->data.len, false);
            if (!known)
                return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "line at offset %ju is longer than %d bytes",
                               (uintmax_t)out->offset, LT_MAX_LINE);
        }
        enum lt_status status = fill(lines, err);
        if (status != LT_OK)
            return status;
    }
}

void lt_lines_close(struct lt_lines *lines)
{
    if (!lines)
        return;
    lt_file_close(&lines->file);
    lt_inflate_free(lines->inflate);
    lt_buf_free(&lines->data);
    free(lines);
}
