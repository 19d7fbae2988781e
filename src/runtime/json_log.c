// SPDX-License-Identifier: Apache-2.0
#include "runtime/json_log.h"

#include <stdlib.h>

enum { MAX_TRIES = 16 };

/* A log, and a record to decode into. */
struct reader {
    struct lt_log_lines *lines;
    struct lt_logline *record;
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
    };
    record.complete = lt_str_ends(record.text, LT_STR("\n"));
    return lt_log_lines_add(reader->lines, &record, err);
}

/* The offset in `text` of the next whole record after its first byte, or the length of `text`. The bytes that begin a
 * record cannot occur inside a JSON string. */
static size_t find_record(struct reader *reader, struct lt_str text)
{
    const struct lt_str start = LT_STR("{\"log\":");
    for (size_t at = 1, tries = 0; at < text.len && tries < MAX_TRIES; at++, tries++) {
        const char *found = memmem(text.ptr + at, text.len - at, start.ptr, start.len);
        if (!found)
            break;
        at = (size_t)(found - text.ptr);
        if (lt_logline_parse(lt_str_skip(text, at), reader->record, NULL) == LT_OK)
            return at;
    }
    return text.len;
}

/* Recover the text of a damaged record, and a whole record appended to it later. Records are cut off when power is lost
 * during a write. */
static enum lt_status salvage(struct reader *reader, struct lt_str text, uint64_t offset, struct lt_err *err)
{
    struct lt_err problem = {0};
    size_t damaged = find_record(reader, text);
    struct lt_time next = damaged < text.len ? reader->record->time : (struct lt_time){0};
    lt_logline_parse((struct lt_str){text.ptr, damaged}, reader->record, &problem);
    struct lt_str half = lt_log_without_nul(lt_buf_view(&reader->record->text));
    lt_skip(reader->lines->ctx, reader->lines->path, LT_CODE_DAMAGED, "%zu bytes at offset %ju: %s%s", damaged,
            (uintmax_t)offset, problem.text, half.len ? ", of which the text is kept" : "");
    enum lt_status status = lt_log_lines_half(reader->lines, half, offset, next, err);
    if (status != LT_OK || damaged == text.len)
        return status;
    lt_logline_parse(lt_str_skip(text, damaged), reader->record, NULL);
    return add_record(reader, offset + damaged, err);
}

static enum lt_status read_line(struct reader *reader, const struct lt_line *line, struct lt_err *err)
{
    size_t zeros = lt_log_lines_nul(reader->lines, line->text, line->offset);
    struct lt_str text = lt_str_skip(line->text, zeros);
    if (!text.len)
        return LT_OK;
    if (lt_logline_parse(text, reader->record, NULL) != LT_OK)
        return salvage(reader, text, line->offset + zeros, err);
    return add_record(reader, line->offset + zeros, err);
}

enum lt_status lt_json_log_read(struct lt_log_lines *lines, struct lt_logline *record, struct lt_stream *stream,
                                struct lt_err *err)
{
    struct reader reader = {lines, record};
    struct lt_lines raw = {.stream = stream};
    struct lt_line line;
    while (lt_line_or_skip(lines->ctx, lines->path, &raw, &line) == LT_OK)
        if (read_line(&reader, &line, err) != LT_OK)
            return LT_FATAL;
    return LT_OK;
}

/* The number of a rotated log: 0 for the log itself, -1 for any other file. */
static long rotation(struct lt_str name, struct lt_str log)
{
    if (!lt_str_starts(name, log))
        return -1;
    name = lt_str_skip(name, log.len);
    if (!name.len)
        return 0;
    if (lt_str_ends(name, LT_STR(".gz")))
        name.len -= 3;
    if (name.len < 2 || name.len > 6 || name.ptr[0] != '.')
        return -1;
    long number = 0;
    for (size_t i = 1; i < name.len; i++) {
        if (name.ptr[i] < '0' || name.ptr[i] > '9')
            return -1;
        number = number * 10 + (name.ptr[i] - '0');
    }
    return number;
}

/* Oldest first. Before an incomplete .1.gz comes the complete .1. */
static int by_age(const void *a, const void *b)
{
    const struct lt_log_file *left = a, *right = b;
    if (left->number != right->number)
        return left->number > right->number ? -1 : 1;
    return lt_str_cmp(left->path, right->path);
}

/* Oldest first: the log itself, with number 0, comes last. */
static int by_mtime(const void *a, const void *b)
{
    const struct lt_log_file *left = a, *right = b;
    if (!left->number != !right->number)
        return left->number ? -1 : 1;
    int order = lt_time_cmp(left->written, right->written);
    return order ? order : left->number != right->number ? (left->number < right->number ? -1 : 1) : by_age(a, b);
}

struct lt_list lt_log_files(struct lt_ctx *ctx, struct lt_str directory, struct lt_str name, bool counts_up)
{
    struct lt_list kept = {0};
    struct lt_listing listing;
    lt_list_or_skip(ctx, directory, &listing);
    struct lt_log_file *files = lt_new_array(ctx->scratch, struct lt_log_file, listing.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < listing.count; i++) {
        const struct lt_node *node = &listing.nodes[i];
        long number = rotation(node->name, name);
        if (number >= 0)
            files[count++] =
                (struct lt_log_file){lt_path_join(ctx->scratch, directory, node->name), number, node->time[LT_M]};
    }
    qsort(files, count, sizeof *files, counts_up ? by_mtime : by_age);
    for (size_t i = 0; i < count; i++)
        if (!i || files[i].number != files[i - 1].number || !lt_log_is_copy(ctx->fs, files[i - 1].path, files[i].path))
            lt_list_add(&kept, ctx->scratch, &files[i]);
    return kept;
}
