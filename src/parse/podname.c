// SPDX-License-Identifier: Apache-2.0
#include "parse/podname.h"

#include "parse/ident.h"
#include "parse/stamp.h"

enum { UID_LENGTH = 36, STATIC_LENGTH = 32, MAX_LABEL = 253, MAX_FILE = 255, ID_LENGTH = 64 };

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Names as Kubernetes allows them, RFC 1123. */
static bool is_label(struct lt_str text)
{
    if (!text.len || text.len > MAX_LABEL)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!is_digit(text.ptr[i]) && !(text.ptr[i] >= 'a' && text.ptr[i] <= 'z') && text.ptr[i] != '-' &&
            text.ptr[i] != '.')
            return false;
    return text.ptr[0] != '.';
}

static bool strip(struct lt_str *text, struct lt_str suffix)
{
    if (!lt_str_ends(*text, suffix))
        return false;
    text->len -= suffix.len;
    return true;
}

/* All digits, at most nine of them. */
static bool parse_number(struct lt_str text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i]))
            return false;
        *out = *out * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return text.len && text.len <= 9;
}

bool lt_is_pod_uid(struct lt_str text)
{
    static const char dashes[] = "--------/----/----/----/------------";
    if (text.len != UID_LENGTH && text.len != STATIC_LENGTH)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        bool dash = text.len == UID_LENGTH && dashes[i] == '/';
        if (dash ? byte != '-' : !is_digit(byte) && !(byte >= 'a' && byte <= 'f'))
            return false;
    }
    return true;
}

bool lt_pod_log_directory(struct lt_str text, struct lt_pod_name *out)
{
    struct lt_str rest = text;
    *out = (struct lt_pod_name){.uid = text};
    if (lt_is_pod_uid(text))
        return true;
    out->namespace = lt_str_cut(&rest, '_');
    out->name = lt_str_cut(&rest, '_');
    out->uid = rest;
    return lt_is_pod_uid(out->uid) && is_label(out->name) && is_label(out->namespace);
}

bool lt_pod_log_link(struct lt_str text, struct lt_pod_name *out)
{
    struct lt_str rest = text;
    *out = (struct lt_pod_name){0};
    if (!strip(&rest, LT_STR(".log")))
        return false;
    out->name = lt_str_cut(&rest, '_');
    out->namespace = lt_str_cut(&rest, '_');
    out->container = rest;
    if (rest.len > ID_LENGTH && lt_is_id(lt_str_skip(rest, rest.len - ID_LENGTH)) &&
        rest.ptr[rest.len - ID_LENGTH - 1] == '-') {
        out->id = lt_str_skip(rest, rest.len - ID_LENGTH);
        out->container.len -= ID_LENGTH + 1;
    } else if (text.len < MAX_FILE) {
        return false;
    }
    return is_label(out->name) && is_label(out->namespace) && is_label(out->container);
}

/* "20261123-184644" at the start of `text`, as if it were UTC. */
static bool parse_stamp(struct lt_str text, struct lt_time *out)
{
    static const char shape[] = "dddddddd-dddddd";
    struct lt_buf iso = {0};
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (i >= text.len || (shape[i] == 'd' ? !is_digit(text.ptr[i]) : text.ptr[i] != shape[i]))
            return false;
    const char *at = text.ptr;
    lt_buf_printf(&iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", at, at + 4, at + 6, at + 9, at + 11, at + 13);
    bool good = lt_stamp_rfc3339(lt_buf_view(&iso), out, NULL) == LT_OK;
    lt_buf_free(&iso);
    return good;
}

/* What follows the name of a log: the kubelet's stamp. Other programs have other ways. */
static void parse_rotation(struct lt_str rest, struct lt_pod_log *out)
{
    enum { STAMP = sizeof "YYYYMMDD-HHMMSS" - 1 };
    struct lt_str after = lt_str_skip(rest, 1 + STAMP);
    out->is_copy = out->rotation.way.len || lt_str_ends(rest, LT_STR(".tmp"));
    if (rest.len > STAMP && rest.ptr[0] == '.' && parse_stamp(lt_str_skip(rest, 1), &out->local) &&
        (rest.len == 1 + STAMP || after.ptr[0] == '.'))
        out->stamp = (struct lt_str){rest.ptr + 1, STAMP};
    else
        out->local = (struct lt_time){0};
}

bool lt_pod_log_file(struct lt_str text, struct lt_pod_log *out, struct lt_pod_name *name)
{
    const struct lt_str suffix = LT_STR(".log");
    *out = (struct lt_pod_log){.stamp = LT_STR("")};
    *name = (struct lt_pod_name){0};
    const char *end = text.len ? memmem(text.ptr, text.len, suffix.ptr, suffix.len) : NULL;
    if (!end)
        return false;
    out->log = (struct lt_str){text.ptr, (size_t)(end - text.ptr) + suffix.len};
    struct lt_str number = {text.ptr, out->log.len - suffix.len};
    const char *line = number.len ? memrchr(number.ptr, '_', number.len) : NULL;
    if (line) {
        name->container = (struct lt_str){text.ptr, (size_t)(line - text.ptr)};
        number = lt_str_skip(number, name->container.len + 1);
        if (!is_label(name->container))
            return false;
    }
    name->has_attempt = parse_number(number, &name->attempt);
    if (!name->has_attempt || !lt_rotation_parse(text, out->log, &out->rotation))
        return false;
    parse_rotation(lt_str_skip(text, out->log.len), out);
    return true;
}

bool lt_pod_projection(struct lt_str text, struct lt_time *out)
{
    static const char shape[] = "..dddd_dd_dd_dd_dd_dd.d";
    struct lt_buf iso = {0};
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (i >= text.len || (shape[i] == 'd' ? !is_digit(text.ptr[i]) : text.ptr[i] != shape[i]))
            return false;
    for (size_t i = sizeof shape - 1; i < text.len; i++)
        if (!is_digit(text.ptr[i]))
            return false;
    const char *at = text.ptr + 2;
    lt_buf_printf(&iso, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", at, at + 5, at + 8, at + 11, at + 14, at + 17);
    bool good = lt_stamp_rfc3339(lt_buf_view(&iso), out, NULL) == LT_OK;
    lt_buf_free(&iso);
    return good;
}

bool lt_pod_checkpoint(struct lt_str text, struct lt_pod_name *out, struct lt_time *time)
{
    const struct lt_str prefix = LT_STR("checkpoint-");
    struct lt_str rest = lt_str_skip(text, prefix.len);
    *out = (struct lt_pod_name){0};
    if (!lt_str_starts(text, prefix) || !strip(&rest, LT_STR(".tar")) || !rest.len || !memchr(rest.ptr, '_', rest.len))
        return false;
    out->name = lt_str_cut(&rest, '_');
    for (size_t at = 0; at < rest.len; at++)
        if (rest.ptr[at] == '-' && lt_stamp_rfc3339(lt_str_skip(rest, at + 1), time, NULL) == LT_OK) {
            out->container = (struct lt_str){rest.ptr, at};
            return is_label(out->name) && is_label(out->container);
        }
    return false;
}
