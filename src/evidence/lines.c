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

/* Drop NUL bytes: space that was never written, before which a line ended or broke off. The error comes with the
 * first. */
static enum lt_status skip_gap(struct lt_lines *lines, struct lt_err *err)
{
    struct lt_str view = lt_stream_view(lines->stream);
    uint64_t offset = lt_stream_offset(lines->stream);
    bool first = !lines->gap;
    size_t count = 0;
    while (count < view.len && !view.ptr[count])
        count++;
    lt_stream_consume(lines->stream, count);
    lines->gap = count == view.len;
    lines->scanned = 0;
    return first ? lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a gap of %zu or more NUL bytes at offset %ju", count,
                           (uintmax_t)offset)
                 : LT_OK;
}

/* Where a gap in a line that is too long begins; 0: it has none, or it has begun before. */
static size_t gap_in(const struct lt_lines *lines, struct lt_str view)
{
    const char *found = lines->overlong ? NULL : memchr(view.ptr, 0, view.len);
    return found ? (size_t)(found - view.ptr) : 0;
}

enum lt_status lt_lines_next(struct lt_lines *lines, struct lt_line *out, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    while (status == LT_OK) {
        if (lines->gap)
            skip_gap(lines, NULL);
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
        if (view.len <= most(lines)) {
            status = lt_stream_fill(lines->stream, err);
        } else if (!lines->overlong && !view.ptr[0]) {
            status = skip_gap(lines, err);
        } else if (gap_in(lines, view)) {
            take(lines, gap_in(lines, view), false, out);
            return LT_OK;
        } else {
            status = skip_part(lines, err);
        }
    }
    struct lt_str rest = lt_stream_view(lines->stream);
    if (status == LT_END && rest.len) {
        take(lines, rest.len, false, out);
        return lines->overlong ? LT_END : LT_OK;
    }
    return status;
}
