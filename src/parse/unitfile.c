// SPDX-License-Identifier: Apache-2.0
#include "parse/unitfile.h"

/* Does the line continue in the next one? A backslash that follows another one is an ordinary character. */
static bool is_continued(struct lt_str line)
{
    size_t count = 0;
    while (count < line.len && line.ptr[line.len - 1 - count] == '\\')
        count++;
    return count % 2;
}

static struct lt_str cut_line(struct lt_unit_text *text)
{
    struct lt_str line = lt_str_cut(&text->rest, '\n');
    if (lt_str_ends(line, LT_STR("\r")))
        line.len--;
    text->line++;
    return line;
}

static bool is_comment(struct lt_str line)
{
    line = lt_str_trim(line);
    return line.len && (line.ptr[0] == '#' || line.ptr[0] == ';');
}

/* A line joined with its continuation lines, trimmed, in `arena`; `first` is the number of its first line. */
static struct lt_str join_lines(struct lt_unit_text *text, struct lt_arena *arena, unsigned *first)
{
    struct lt_buf joined = {0};
    bool more = true;
    *first = 0;
    while (more && text->rest.len) {
        struct lt_str line = cut_line(text);
        if (is_comment(line))
            continue;
        *first = *first ? *first : text->line;
        more = is_continued(line);
        lt_buf_add(&joined, (struct lt_str){line.ptr, line.len - more});
        if (more)
            lt_buf_char(&joined, ' ');
    }
    struct lt_str whole = lt_str_trim(lt_str_dup(arena, lt_buf_view(&joined)));
    lt_buf_free(&joined);
    return whole;
}

enum lt_status lt_unit_next(struct lt_unit_text *text, struct lt_arena *arena, struct lt_unit_line *out)
{
    while (text->rest.len) {
        struct lt_str line = join_lines(text, arena, &out->line);
        if (!line.len)
            continue;
        if (line.ptr[0] == '[' && line.ptr[line.len - 1] == ']') {
            text->section = (struct lt_str){line.ptr + 1, line.len - 2};
            continue;
        }
        if (line.ptr[0] == '[' || !memchr(line.ptr, '=', line.len) || !text->section.len)
            return LT_SKIP;
        out->section = text->section;
        out->key = lt_str_trim(lt_str_cut(&line, '='));
        out->value = lt_str_trim(line);
        return LT_OK;
    }
    return LT_END;
}
