// SPDX-License-Identifier: Apache-2.0
/* Histories of shells that have the time of each command: bash with HISTTIMEFORMAT ("#" and seconds since 1970 in a
 * line; bash lib/readline/histfile.c 8.2), zsh with EXTENDED_HISTORY (": seconds:duration;command"; zsh Src/hist.c
 * 5.9). Without times, a history is a text like others. */
#include "carve/grown.h"

enum { DIGITS = 10 };

/* Seconds in ten digits, which are the times from 2001 to 2286. 0: there are none. */
static int64_t seconds_at(struct lt_str text)
{
    int64_t seconds = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        if (i >= text.len || text.ptr[i] < '0' || text.ptr[i] > '9')
            return 0;
        seconds = seconds * 10 + (text.ptr[i] - '0');
    }
    return seconds;
}

/* The time that a line tells. */
static struct lt_time time_of(struct lt_str line)
{
    struct lt_str number = LT_STR("");
    char after = 0;
    if (lt_str_starts(line, LT_STR("#")))
        number = lt_str_skip(line, 1);
    else if (lt_str_starts(line, LT_STR(": ")))
        number = lt_str_skip(line, 2);
    int64_t seconds = seconds_at(number);
    if (number.len > DIGITS)
        after = number.ptr[DIGITS];
    bool is_time = seconds && (line.ptr[0] == '#' ? !after : after == ':');
    return is_time ? lt_time_at(seconds, 0) : (struct lt_time){0};
}

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    struct lt_str text = {block->bytes.ptr, block->text};
    (void)skip;
    return time_of(lt_str_cut(&text, '\n')).set;
}

static bool finish(struct lt_carve_find *find)
{
    struct lt_str text = lt_buf_view(&find->kept);
    while (text.len)
        lt_time_widen(&find->said.first, &find->said.last, time_of(lt_str_cut(&text, '\n')));
    return true;
}

const struct lt_carve_format lt_carve_shell_history = {
    .name = "shell-history",
    .text = true,
    .cuts = LT_CARVE_CUTS_LINE,
    .keep = LT_CARVE_SMALL,
    .begins = begins,
    .take = lt_carve_take_text,
    .finish = finish,
    .why = LT_CARVE_NO_BEGIN,
};
