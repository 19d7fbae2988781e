// SPDX-License-Identifier: Apache-2.0
#include "evidence/lines.h"

/* Take `length` bytes, and the newline after them if there is one. The text stays in place until the stream moves. */
static void take(struct lt_lines *lines, size_t length, bool complete, struct lt_line *out)
{
    *out = (struct lt_line){
        .text = {lt_stream_view(lines->stream).ptr, length},
        .offset = lt_stream_offset(lines->stream),
        .complete = complete,
    };
    lt_stream_consume(lines->stream, length + complete);
    lines->scanned = 0;
}

static size_t most(const struct lt_lines *lines)
{
    return lines->most ? lines->most : LT_MAX_LINE;
}

static enum lt_status too_long(const struct lt_lines *lines, uint64_t offset, struct lt_err *err)
{
    return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "the line at offset %ju is longer than %zu bytes",
                   (uintmax_t)offset, most(lines));
}

/* Drop the part of an overlong line that was read. The error comes with its first part. */
static enum lt_status skip_part(struct lt_lines *lines, struct lt_err *err)
{
    struct lt_line part;
    bool first = !lines->overlong;
    lines->overlong = true;
    take(lines, lt_stream_view(lines->stream).len, false, &part);
    return first ? too_long(lines, part.offset, err) : LT_OK;
}

enum lt_status lt_lines_next(struct lt_lines *lines, struct lt_line *out, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    while (status == LT_OK) {
        struct lt_str view = lt_stream_view(lines->stream), fresh = lt_str_skip(view, lines->scanned);
        const char *newline = fresh.len ? memchr(fresh.ptr, '\n', fresh.len) : NULL;
        if (newline) {
            bool whole = !lines->overlong && (size_t)(newline - view.ptr) <= most(lines);
            bool known = lines->overlong;
            take(lines, (size_t)(newline - view.ptr), true, out);
            lines->overlong = false;
            if (whole)
                return LT_OK;
            if (!known)
                return too_long(lines, out->offset, err);
            continue;
        }
        lines->scanned = view.len;
        status = view.len > most(lines) ? skip_part(lines, err) : lt_stream_fill(lines->stream, err);
    }
    struct lt_str rest = lt_stream_view(lines->stream);
    if (status == LT_END && rest.len) {
        take(lines, rest.len, false, out);
        return lines->overlong ? LT_END : LT_OK;
    }
    return status;
}
