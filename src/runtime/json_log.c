// SPDX-License-Identifier: Apache-2.0
#include "runtime/json_log.h"

enum { MAX_TRIES = 4 };

/* A log, and a record to decode into. */
struct reader {
    struct lt_log_lines *lines;
    struct lt_logline *record;
    const struct lt_stream *stream; /* behind the current line */
};

unsigned lt_json_log_stream(struct lt_str name)
{
    return lt_str_eq(name, LT_STR("stderr"));
}

static enum lt_status add_record(struct reader *reader, uint64_t offset, struct lt_err *err)
{
    struct lt_log_record record = {
        .stream = lt_json_log_stream(lt_buf_view(&reader->record->stream)),
        .text = lt_buf_view(&reader->record->text),
        .time = reader->record->time,
        .offset = offset,
        .attrs = &reader->record->attrs,
    };
    record.complete = lt_str_ends(record.text, LT_STR("\n"));
    return lt_log_lines_add(reader->lines, &record, err);
}

/* Decode the record at the start of `*rest`. NUL bytes, which are escaped in a record, mark where a block was never
 * written: what stands on either side are parts of different records. */
static enum lt_status take_record(struct reader *reader, struct lt_str *rest, struct lt_err *problem)
{
    struct lt_str text = *rest;
    enum lt_status status = lt_logline_next(rest, reader->record, problem);
    if (status != LT_OK || !memchr(text.ptr, 0, text.len - rest->len))
        return status;
    *rest = text;
    return lt_fail(problem, LT_SKIP, LT_CODE_DAMAGED, 0, "NUL bytes in a log record");
}

/* Keep what is left of one record. The text of one that lost both its ends is all that there is. */
static enum lt_status keep_half(struct reader *reader, struct lt_str text, struct lt_log_half *half, struct lt_err *err)
{
    struct lt_logline *record = reader->record;
    bool is_head = lt_str_starts(text, LT_STR("{"));
    if (is_head)
        lt_logline_next(&text, record, NULL);
    else
        lt_logline_tail(text, record);
    half->stream = lt_buf_view(&record->stream);
    half->text = lt_buf_view(&record->text);
    half->time = record->time;
    half->attrs = &record->attrs;
    return lt_log_lines_half(reader->lines, half, err);
}

/* Keep what is left in a piece between whole records. Records are cut off when power is lost during a write. */
static enum lt_status salvage(struct reader *reader, struct lt_str text, uint64_t offset, struct lt_time next,
                              struct lt_err *err)
{
    enum lt_status status = LT_OK;
    const char *start = text.ptr;
    while (text.len && status == LT_OK) {
        struct lt_str part = lt_str_cut(&text, 0);
        struct lt_log_half half = {.next = next, .offset = offset + (uint64_t)(part.ptr - start)};
        if (part.len)
            status = keep_half(reader, part, &half, err);
    }
    return status;
}

/* The time of the next whole record, in the rest of the line or behind it. Unset if there is none within MAX_TRIES, or
 * it is not read yet. */
static struct lt_time time_of_next(struct reader *reader, struct lt_str text)
{
    bool behind = false;
    for (unsigned tries = 0; tries < MAX_TRIES; tries++) {
        if (!text.len && !behind) {
            behind = true;
            text = lt_stream_view(reader->stream);
        }
        if (!text.len)
            break;
        struct lt_str rest = text;
        if (take_record(reader, &rest, NULL) == LT_OK)
            return reader->record->time;
        text = lt_str_skip(text, lt_logline_find(text, 1));
    }
    return (struct lt_time){0};
}

/* A line has one record, but more if the newline between them, or what stood there, is lost. */
static enum lt_status read_line(struct reader *reader, const struct lt_line *line, struct lt_err *err)
{
    size_t zeros = lt_log_lines_nul(reader->lines, line->text, line->offset);
    struct lt_str text = lt_str_trim(lt_str_skip(line->text, zeros));
    enum lt_status status = LT_OK;
    while (text.len && status == LT_OK) {
        struct lt_err problem = {0};
        struct lt_str piece = text;
        uint64_t offset = line->offset + (uint64_t)(text.ptr - line->text.ptr);
        if (take_record(reader, &text, &problem) == LT_OK) {
            status = add_record(reader, offset, err);
            continue;
        }
        piece.len = lt_logline_find(text, 1);
        text = lt_str_skip(text, piece.len);
        uint64_t kept = reader->lines->kept;
        status = salvage(reader, piece, offset, time_of_next(reader, text), err);
        lt_skip(reader->lines->ctx, reader->lines->path, LT_CODE_DAMAGED, "%zu bytes at offset %ju: %s%s", piece.len,
                (uintmax_t)offset, problem.text, reader->lines->kept > kept ? ", of which the text is kept" : "");
    }
    return status;
}

enum lt_status lt_json_log_read(struct lt_log_lines *lines, struct lt_logline *record, struct lt_stream *stream,
                                struct lt_err *err)
{
    struct reader reader = {lines, record, stream};
    struct lt_lines raw = {.stream = stream};
    struct lt_line line;
    while (lt_line_or_skip(lines->ctx, lines->path, &raw, &line) == LT_OK)
        if (read_line(&reader, &line, err) != LT_OK)
            return LT_FATAL;
    return LT_OK;
}
