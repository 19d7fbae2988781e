// SPDX-License-Identifier: Apache-2.0
#include "run/summary.h"

#include <inttypes.h>

static void add_count(struct lt_buf *out, const char *before, uint64_t count, const char *word)
{
    lt_buf_printf(out, "%s%" PRIu64 " %s%s", before, count, word, count == 1 ? "" : "s");
}

static void add_time(struct lt_buf *out, const char *before, struct lt_time time)
{
    lt_buf_add(out, lt_str_c(before));
    lt_time_iso(out, time, 0);
    lt_buf_char(out, 'Z');
}

static void say(struct lt_buf *line)
{
    lt_say("%.*s", LT_ARG(lt_buf_view(line)));
    lt_buf_free(line);
}

static void say_written(const struct lt_job *job)
{
    struct lt_buf line = {0};
    size_t containers = 0;
    lt_each (const struct lt_root, root, &job->inventory.roots)
        containers += root->containers.count;
    add_count(&line, "", job->rows, "row");
    add_count(&line, ", ", containers, "container");
    add_count(&line, ", ", job->report.failures, "error");
    if (job->first.set) {
        add_time(&line, "; events from ", job->first);
        add_time(&line, " to ", job->last);
    }
    say(&line);
}

bool lt_summary_has_free_blocks(const struct lt_job *job)
{
    lt_each (const struct lt_evidence, evidence, &job->evidence)
        lt_each (const struct lt_fs, fs, &evidence->fs)
            if (fs->ops->unowned)
                return true;
    return false;
}

static void say_left_out(const struct lt_job *job)
{
    struct lt_buf line = {0};
    struct lt_counts total = lt_report_total(&job->report);
    lt_buf_lit(&line, "left out: ");
    if (total.filtered > total.foreign)
        add_count(&line, "", total.filtered - total.foreign, "event");
    else
        lt_buf_lit(&line, "nothing");
    if (total.foreign) {
        add_count(&line, "; ", total.foreign, "line");
        lt_buf_lit(&line, " of host logs that tell of no container and no daemon");
    }
    if (total.untimed) {
        add_count(&line, "; ", total.untimed, "event");
        lt_buf_printf(&line, " %s in no row, since nothing says when (--stats: untimed)",
                      total.untimed == 1 ? "is" : "are");
    }
    if (!job->options->carve && lt_summary_has_free_blocks(job))
        lt_buf_lit(&line, "; blocks that no file owns (--carve)");
    say(&line);
}

void lt_summary_say(const struct lt_job *job)
{
    say_written(job);
    say_left_out(job);
}
