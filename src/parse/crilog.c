// SPDX-License-Identifier: Apache-2.0
#include "parse/crilog.h"

#include "parse/stamp.h"

enum { MAX_STAMP = 64, MAX_TRIES = 64 };

/* Does a whole tag begin here? */
static bool is_tag(struct lt_str tags, char tag)
{
    return tags.len && tags.ptr[0] == tag && (tags.len == 1 || tags.ptr[1] == ':');
}

enum lt_status lt_crilog_parse(struct lt_str line, struct lt_crilog *out, struct lt_err *err)
{
    struct lt_str rest = line;
    int minutes;
    *out = (struct lt_crilog){.stamp = lt_str_cut(&rest, ' '), .tags = LT_STR("")};
    enum lt_status status =
        out->stamp.len <= MAX_STAMP ? lt_stamp_zoned(out->stamp, &out->time, &minutes, NULL) : LT_SKIP;
    if (status != LT_OK)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no line of a container's log: it does not begin with a time");
    struct lt_str stream = lt_str_cut(&rest, ' ');
    out->is_stderr = lt_str_eq(stream, LT_STR("stderr"));
    if (!out->is_stderr && !lt_str_eq(stream, LT_STR("stdout")))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no line of a container's log: no stream after the time");
    struct lt_str tags = lt_str_cut(&rest, ' ');
    out->partial = is_tag(tags, 'P');
    if (!out->partial && !is_tag(tags, 'F'))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0,
                       "no line of a container's log: no tag P or F after the stream");
    out->tags = lt_str_skip(tags, tags.len > 1 ? 2 : 1);
    out->text = rest;
    return LT_OK;
}

/* Take what may be a part of a time, and the blank behind it. */
static struct lt_str skip_time(struct lt_str line)
{
    static const char time[] = "0123456789-:.TZ+";
    size_t stamp = 0;
    while (stamp < line.len && stamp < MAX_STAMP && line.ptr[stamp] && strchr(time, line.ptr[stamp]))
        stamp++;
    line = lt_str_skip(line, stamp);
    return lt_str_skip(line, lt_str_starts(line, LT_STR(" ")));
}

bool lt_crilog_tail(struct lt_str line, struct lt_str *stream, struct lt_str *text)
{
    struct lt_str rest = skip_time(line);
    *stream = lt_str_cut(&rest, ' ');
    struct lt_str tags = lt_str_cut(&rest, ' ');
    bool whole = lt_str_eq(*stream, LT_STR("stdout")) || lt_str_eq(*stream, LT_STR("stderr"));
    bool part = lt_str_ends(LT_STR("stdout"), *stream) || lt_str_ends(LT_STR("stderr"), *stream);
    bool good = part && (is_tag(tags, 'F') || is_tag(tags, 'P'));
    if (!whole || !good)
        *stream = LT_STR("");
    *text = good ? rest : line;
    return good;
}

bool lt_crilog_is_head(struct lt_str bytes)
{
    struct lt_str rest = skip_time(bytes);
    return lt_str_starts(LT_STR("stdout "), rest) || lt_str_starts(LT_STR("stderr "), rest);
}

/* The start of the word that ends before `at`. */
static size_t word_before(struct lt_str bytes, size_t at, size_t from)
{
    size_t start = at;
    while (start > from && at - start < MAX_STAMP && bytes.ptr[start - 1] && bytes.ptr[start - 1] != ' ')
        start--;
    return start;
}

/* A stamp has no fixed place in a damaged word, so every suffix of the word before the stream is tried. */
static size_t stamp_in(struct lt_str bytes, size_t start, size_t end)
{
    struct lt_crilog line;
    for (; start < end; start++)
        if (bytes.ptr[start] >= '0' && bytes.ptr[start] <= '9' &&
            lt_crilog_parse(lt_str_skip(bytes, start), &line, NULL) == LT_OK)
            return start;
    return bytes.len;
}

size_t lt_crilog_find(struct lt_str bytes, size_t from)
{
    const struct lt_str mark = LT_STR(" std");
    for (size_t at = from, tries = 0; at < bytes.len && tries < MAX_TRIES; at++, tries++) {
        const char *found = memmem(bytes.ptr + at, bytes.len - at, mark.ptr, mark.len);
        if (!found)
            break;
        at = (size_t)(found - bytes.ptr);
        size_t start = stamp_in(bytes, word_before(bytes, at, from), at);
        if (start < bytes.len)
            return start;
    }
    return bytes.len;
}

size_t lt_crilog_after_gap(struct lt_str bytes)
{
    const char *gap = bytes.len ? memchr(bytes.ptr, 0, bytes.len) : NULL;
    if (!gap)
        return bytes.len;
    size_t found = lt_crilog_find(bytes, (size_t)(gap - bytes.ptr));
    return found < bytes.len && !bytes.ptr[found - 1] ? found : bytes.len;
}
