// SPDX-License-Identifier: Apache-2.0
/* A file of records of the `local` log driver, cut as its reader does: each whole record is decoded, where none begins
 * the next byte is tried. Then the bytes once more as the entry of one good frame, which lets the decoder of the entry
 * see all. */
#include "parse/locallog.h"

#include "fuzz.h"

static bool inside(struct lt_str part, struct lt_str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void check_record(struct lt_str record)
{
    struct lt_locallog log;
    struct lt_err err = {0};
    enum lt_status status = lt_locallog_parse(record, &log, &err);
    PROMISE(status == LT_OK || status == LT_SKIP);
    PROMISE((status == LT_SKIP) == err.set);
    if (status == LT_SKIP)
        return;
    PROMISE(log.time.set && log.time.nsec < 1000000000);
    PROMISE(log.time.sec >= -9223372037 && log.time.sec <= 9223372036); /* int64 nanoseconds */
    PROMISE(inside(log.source, record) && inside(log.line, record));
}

static void check_stream(struct lt_str rest)
{
    while (rest.len) {
        size_t length = 0;
        enum lt_status status = lt_locallog_length(rest, &length);
        PROMISE(status != LT_END || rest.len < 4);
        if (status == LT_END)
            return;
        PROMISE(status != LT_OK || (length > LT_LOCALLOG_FRAME && length <= LT_LOCALLOG_MAX + LT_LOCALLOG_FRAME));
        bool whole = status == LT_OK && length <= rest.len;
        if (whole)
            check_record((struct lt_str){rest.ptr, length});
        rest = lt_str_skip(rest, whole ? length : 1);
    }
}

/* The same bytes as what damage left. */
static void check_damage(struct lt_str bytes)
{
    struct lt_locallog log;
    if (lt_locallog_head(bytes, &log) > 0)
        PROMISE(log.source.len == 6 && inside(log.source, bytes) && inside(log.line, bytes));
    size_t used = lt_locallog_tail(bytes, &log);
    PROMISE(used <= bytes.len && inside(log.source, bytes) && inside(log.line, bytes));
    PROMISE(used || (!log.time.set && !log.line.len));
    PROMISE(lt_locallog_within(bytes, true) <= bytes.len);
    PROMISE(lt_locallog_within(bytes, false) <= bytes.len);
}

static void add_length(struct lt_buf *out, size_t length)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        lt_buf_char(out, (char)(length >> shift & 0xFF));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str text = {(const char *)data, size};
    struct lt_buf framed = {0};
    check_stream(text);
    check_damage(text);
    add_length(&framed, size);
    lt_buf_add(&framed, text);
    add_length(&framed, size);
    check_record(lt_buf_view(&framed));
    lt_buf_free(&framed);
    return 0;
}
