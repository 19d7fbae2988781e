// SPDX-License-Identifier: Apache-2.0
/* A log of the Container Runtime Interface. Where its first line is torn, the find begins with the next one. */
#include "carve/grown.h"
#include "parse/crilog.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    struct lt_str text = {block->bytes.ptr, block->text};
    if (!lt_carve_has(block, LT_STR(" stdout "), text.len) && !lt_carve_has(block, LT_STR(" stderr "), text.len))
        return false;
    size_t at = lt_crilog_find(text, 0);
    if (at >= text.len || (at && text.ptr[at - 1] != '\n'))
        return false;
    *skip = at;
    return true;
}

static void add_times(struct lt_carve_find *find, struct lt_str text)
{
    struct lt_crilog line;
    struct lt_err ignored = {0};
    while (text.len) {
        if (lt_crilog_parse(lt_str_cut(&text, '\n'), &line, &ignored) == LT_OK)
            lt_time_widen(&find->said.first, &find->said.last, line.time);
        lt_err_clear(&ignored);
    }
}

static bool finish(struct lt_carve_find *find)
{
    add_times(find, lt_buf_view(&find->kept));
    add_times(find, lt_buf_view(&find->rest));
    return find->said.first.set;
}

const struct lt_carve_format lt_carve_cri_log = {
    .name = "cri-log",
    .text = true,
    .cuts = LT_CARVE_CUTS_LINE,
    .keep = LT_CARVE_SMALL,
    .begins = begins,
    .take = lt_carve_take_log,
    .finish = finish,
    .why = "a log has no mark of its begin, nor of its end",
};
