// SPDX-License-Identifier: Apache-2.0
#include "parse/fstab.h"

#include "parse/parse.h"

#include <string.h>

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_octal(char byte)
{
    return byte >= '0' && byte <= '7';
}

/* The next field of a line, with its escapes replaced. */
static struct lt_str next_field(struct lt_str *line, struct lt_arena *arena)
{
    while (line->len && is_blank(line->ptr[0]))
        *line = lt_str_skip(*line, 1);
    char *bytes = lt_arena_alloc(arena, line->len + 1);
    size_t count = 0;
    while (line->len && !is_blank(line->ptr[0])) {
        const char *at = line->ptr;
        bool escape = line->len >= 4 && at[0] == '\\' && is_octal(at[1]) && is_octal(at[2]) && is_octal(at[3]);
        bytes[count++] = escape ? (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0')) : at[0];
        *line = lt_str_skip(*line, escape ? 4 : 1);
    }
    return (struct lt_str){bytes, count};
}

enum lt_status lt_fstab_next(struct lt_str *rest, struct lt_arena *arena, struct lt_fstab_line *out)
{
    while (rest->len) {
        struct lt_str line = lt_str_cut(rest, '\n');
        out->spec = next_field(&line, arena);
        if (!out->spec.len || out->spec.ptr[0] == '#')
            continue;
        out->at = next_field(&line, arena);
        out->type = next_field(&line, arena);
        out->options = next_field(&line, arena);
        return out->at.len ? LT_OK : LT_SKIP;
    }
    return LT_END;
}

bool lt_fstab_has(struct lt_str options, const char *option)
{
    while (options.len)
        if (lt_str_eq(lt_str_cut(&options, ','), lt_str_c(option)))
            return true;
    return false;
}

static struct lt_str unquote(struct lt_str text)
{
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
        return (struct lt_str){text.ptr + 1, text.len - 2};
    return text;
}

enum lt_device_tag lt_fstab_device(struct lt_str spec, struct lt_str *value)
{
    static const struct {
        const char *tag, *link;
    } names[] = {
        [LT_BY_UUID] = {"UUID=", "/dev/disk/by-uuid/"},
        [LT_BY_LABEL] = {"LABEL=", "/dev/disk/by-label/"},
        [LT_BY_PARTUUID] = {"PARTUUID=", "/dev/disk/by-partuuid/"},
        [LT_BY_PARTLABEL] = {"PARTLABEL=", "/dev/disk/by-partlabel/"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bool tag = lt_str_starts(spec, lt_str_c(names[i].tag)), link = lt_str_starts(spec, lt_str_c(names[i].link));
        if (!tag && !link)
            continue;
        *value = unquote(lt_str_skip(spec, strlen(tag ? names[i].tag : names[i].link)));
        return (enum lt_device_tag)i;
    }
    *value = spec;
    return lt_str_starts(spec, LT_STR("/dev/")) ? LT_BY_NODE : LT_BY_NOTHING;
}

/* The kernel puts a "p" between the two where the name of the disk ends in a digit: linux block/partitions/core.c,
 * add_partition(), 6.18. */
unsigned lt_fstab_partition(struct lt_str node, size_t *disk)
{
    enum { MOST_DIGITS = 3 };
    size_t end = node.len;
    unsigned number = 0;
    while (end && is_digit(node.ptr[end - 1]))
        end--;
    if (end == node.len || !end || node.len - end > MOST_DIGITS)
        return 0;
    for (size_t i = end; i < node.len; i++)
        number = number * 10 + (unsigned)(node.ptr[i] - '0');
    bool separated = end > 1 && node.ptr[end - 1] == 'p' && is_digit(node.ptr[end - 2]);
    *disk = separated ? end - 1 : end;
    return number;
}
