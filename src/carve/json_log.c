// SPDX-License-Identifier: Apache-2.0
/* A log of Docker's json-file driver. Where its first record is torn, the find begins with the next one. */
#include "carve/grown.h"
#include "parse/logline.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    struct lt_str text = {block->bytes.ptr, block->text};
    size_t at = lt_logline_find(text, 0);
    if (at >= text.len || (at && text.ptr[at - 1] != '\n'))
        return false;
    *skip = at;
    return true;
}

/* The times of the whole records in a part of the log. */
static void add_times(struct lt_carve_find *find, struct lt_str text)
{
    struct lt_logline line = {0};
    struct lt_err ignored = {0};
    for (size_t at = lt_logline_find(text, 0); at < text.len; at = lt_logline_find(text, at + 1)) {
        struct lt_str rest = lt_str_skip(text, at);
        if (lt_logline_next(&rest, &line, &ignored) == LT_OK)
            lt_time_widen(&find->said.first, &find->said.last, line.time);
        lt_err_clear(&ignored);
    }
    lt_logline_free(&line);
}

static bool finish(struct lt_carve_find *find)
{
    add_times(find, lt_buf_view(&find->kept));
    add_times(find, lt_buf_view(&find->rest));
    return find->said.first.set;
}

const struct lt_carve_format lt_carve_json_log = {
    .name = "json-log",
    .text = true,
    .cuts = LT_CARVE_CUTS_ALWAYS,
    .keep = LT_CARVE_SMALL,
    .begins = begins,
    .take = lt_carve_take_log,
    .finish = finish,
    .why = "a log has no mark of its begin, nor of its end",
};
