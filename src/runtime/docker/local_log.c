// SPDX-License-Identifier: Apache-2.0
/* Logs of the driver `local`, framed protobuf, and what is left of their damaged records. */
#include "runtime/docker/log.h"

#include "parse/locallog.h"

enum {
    MAX_RESYNC = 16 * 1024 * 1024,
    MAX_KEPT = 4 * LT_LOCALLOG_MAX, /* bytes of damage that are searched for text */
    MAX_CHECKED = 256,
    LOOK_AHEAD = 2 * LT_LOCALLOG_USUAL, /* bytes: a candidate, and the end of the record in which it may lie */
};

/* Read the whole record at the start of the stream. LT_END: the file ends within it. LT_SKIP: there is none, or what
 * follows cannot be read, which `problem` says. */
static enum lt_status local_record(struct lt_stream *stream, struct lt_str *out, struct lt_err *problem)
{
    size_t length = 0;
    for (;;) {
        struct lt_str view = lt_stream_view(stream);
        enum lt_status status = lt_locallog_length(view, &length);
        if (status == LT_SKIP)
            return LT_SKIP;
        *out = (struct lt_str){view.ptr, length};
        if (status == LT_OK && length <= view.len)
            return LT_OK;
        status = lt_stream_fill(stream, problem);
        if (status != LT_OK)
            return status;
    }
}

static enum lt_status add_local(struct lt_docker_log *log, const struct lt_locallog *entry, uint64_t offset,
                                struct lt_err *err)
{
    struct lt_log_record record = {
        .stream = lt_json_log_stream(entry->source),
        .text = entry->line,
        .time = entry->time,
        .offset = offset,
    };
    enum lt_status status = lt_log_lines_add(&log->lines, &record, err);
    if (entry->partial || status != LT_OK)
        return status;
    record.text = LT_STR("\n"); /* not stored by the driver */
    record.complete = true;
    return lt_log_lines_add(&log->lines, &record, err);
}

/* --- damage ------------------------------------------------------------------------------------------------------- */

/* Bytes between whole records. */
struct damage {
    struct lt_buf bytes; /* owned; the first MAX_KEPT of them */
    uint64_t offset, count;
    unsigned checked;      /* candidates that were looked at closely in this file */
    struct lt_err problem; /* what could not be read while looking on */
};

/* Does a record begin here? A line may hold bytes that look like one, which would be found where the beginning of its
 * own record is damaged; then the end of that one shows that they lie within it. `*step` is how far to go otherwise. */
static bool is_at_record(struct lt_stream *stream, struct damage *damage, size_t *step, size_t *decoded)
{
    struct lt_str record = {0};
    struct lt_locallog entry;
    *step = 1;
    if (local_record(stream, &record, &damage->problem) != LT_OK)
        return false;
    *decoded += record.len;
    if (lt_locallog_parse(record, &entry, NULL) != LT_OK)
        return false;
    if (damage->checked++ >= MAX_CHECKED)
        return true;
    enum lt_status status = LT_OK;
    while (status == LT_OK && lt_stream_view(stream).len < LOOK_AHEAD)
        status = lt_stream_fill(stream, &damage->problem);
    size_t within = lt_locallog_within(lt_stream_view(stream), status != LT_OK);
    *step = within ? within : 1;
    return !within;
}

/* Skip damage, up to the next record. After MAX_RESYNC bytes of candidates that do not decode, the rest of the file is
 * given up. */
static void resync(struct lt_stream *stream, struct damage *damage)
{
    size_t step = 1, decoded = 0;
    damage->bytes.len = 0;
    damage->offset = lt_stream_offset(stream);
    damage->count = 0;
    do {
        struct lt_str view = lt_stream_view(stream);
        if (!view.len && lt_stream_fill(stream, &damage->problem) != LT_OK)
            break;
        view = lt_stream_view(stream);
        if (decoded > MAX_RESYNC)
            step = view.len;
        step = step < view.len ? step : view.len;
        if (damage->bytes.len == damage->count && damage->count + step <= MAX_KEPT)
            lt_buf_add(&damage->bytes, (struct lt_str){view.ptr, step});
        lt_stream_consume(stream, step);
        damage->count += step;
    } while (!is_at_record(stream, damage, &step, &decoded));
}

/* Is the byte no part of a text? It is of a frame, or was never written. */
static bool is_noise(unsigned char byte)
{
    return (byte < ' ' && byte != '\t') || byte == 0x7F || byte >= 0xF8;
}

static struct lt_str text_of(struct lt_str bytes)
{
    while (bytes.len && is_noise((unsigned char)bytes.ptr[0]))
        bytes = lt_str_skip(bytes, 1);
    while (bytes.len && is_noise((unsigned char)bytes.ptr[bytes.len - 1]))
        bytes.len--;
    return bytes;
}

static enum lt_status add_half(struct lt_docker_log *log, const struct lt_locallog *entry, struct lt_log_half half,
                               struct lt_err *err)
{
    half.stream = entry->source;
    half.text = text_of(entry->line);
    return lt_log_lines_half(&log->lines, &half, err);
}

/* Keep what is left of records in `bytes`: the beginning of one, the end of another. Only if they are the `last` before
 * the next record, or the end of the file, do they end as a record does. The time of the first one counts if nothing
 * else can be there. */
static enum lt_status salvage_part(struct lt_docker_log *log, struct lt_str bytes, bool last, struct lt_log_half half,
                                   struct lt_err *err)
{
    struct lt_locallog head, tail = {.line = LT_STR("")};
    enum lt_status status = LT_OK;
    size_t used = 0, length = lt_locallog_head(bytes, &head);
    if (last && (half.next.set || !length) && length != bytes.len)
        used = lt_locallog_tail(bytes, &tail);
    if (tail.time.set)
        length = lt_locallog_head((struct lt_str){bytes.ptr, bytes.len - used}, &head);
    if (!length && !used)
        head.line = bytes;
    if (length || !used) {
        struct lt_log_half own = half;
        own.after = head.time;
        own.time = used ? own.time : head.time;
        status = add_half(log, &head, own, err);
    }
    if (status != LT_OK || !used)
        return status;
    half.time = tail.time;
    bool apart = !head.line.len || tail.line.ptr >= head.line.ptr + head.line.len;
    return tail.time.set || apart ? add_half(log, &tail, half, err) : status;
}

/* Between the parts is space that was never written. */
static enum lt_status salvage(struct lt_docker_log *log, const struct damage *damage, struct lt_time next,
                              struct lt_err *err)
{
    static const char gap[16];
    struct lt_str rest = lt_buf_view(&damage->bytes);
    enum lt_status status = LT_OK;
    while (rest.len && status == LT_OK) {
        const char *found = memmem(rest.ptr, rest.len, gap, sizeof gap);
        struct lt_str part = {rest.ptr, found ? (size_t)(found - rest.ptr) : rest.len};
        struct lt_log_half half = {.offset = damage->offset + (uint64_t)(part.ptr - damage->bytes.ptr), .next = next};
        rest = lt_str_skip(rest, part.len);
        while (rest.len && !rest.ptr[0])
            rest = lt_str_skip(rest, 1);
        if (part.len)
            status = salvage_part(log, part, !found && damage->count == damage->bytes.len, half, err);
    }
    return status;
}

static enum lt_status skip_damage(struct lt_docker_log *log, struct lt_stream *stream, struct damage *damage,
                                  const struct lt_err *why, struct lt_err *err)
{
    struct lt_str record;
    struct lt_locallog next = {.line = LT_STR("")};
    uint64_t kept = log->lines.kept;
    resync(stream, damage);
    if (!damage->count) {
        lt_skip_error(log->ctx, log->lines.path, why);
        return LT_OK;
    }
    if (local_record(stream, &record, &damage->problem) == LT_OK)
        lt_locallog_parse(record, &next, NULL);
    enum lt_status status = salvage(log, damage, next.time, err);
    lt_skip(log->ctx, log->lines.path, why->code, "%ju bytes lost at offset %ju: %s%s", (uintmax_t)damage->count,
            (uintmax_t)damage->offset, why->text, log->lines.kept > kept ? "; what is left of their text is kept" : "");
    return status;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

enum lt_status lt_docker_local_read(struct lt_docker_log *log, struct lt_stream *stream, struct lt_err *err)
{
    struct damage damage = {0};
    enum lt_status status = LT_OK;
    while (status == LT_OK) {
        struct lt_str record = {0};
        struct lt_locallog entry;
        struct lt_err problem = {0};
        uint64_t offset = lt_stream_offset(stream);
        enum lt_status found = local_record(stream, &record, &problem);
        if (found == LT_END && !lt_stream_view(stream).len)
            break;
        if (found == LT_OK)
            found = lt_locallog_parse(record, &entry, &problem);
        if (found == LT_OK) {
            lt_stream_consume(stream, record.len);
            status = add_local(log, &entry, offset, err);
            continue;
        }
        if (found == LT_END)
            lt_fail(&problem, LT_SKIP, LT_CODE_TRUNCATED, 0, "the last record breaks off");
        lt_fail(&problem, LT_SKIP, LT_CODE_DAMAGED, 0, "no record of the local log driver"); /* the first one counts */
        status = skip_damage(log, stream, &damage, &problem, err);
    }
    if (damage.problem.set)
        lt_skip_error(log->ctx, log->lines.path, &damage.problem);
    lt_buf_free(&damage.bytes);
    return status;
}
