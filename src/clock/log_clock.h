// SPDX-License-Identifier: Apache-2.0
/* Times beside the host's own in a container's log: what the lines say themselves, and what does not fit. */
#ifndef LT_CLOCK_LOG_CLOCK_H
#define LT_CLOCK_LOG_CLOCK_H

#include "parse/appclock.h"
#include "read/context.h"

enum { LT_LOG_STREAMS = 2, LT_LOG_FACTS = 3 };

/* Of one container. Initialise with ctx and container, release with lt_log_clock_free(). */
struct lt_log_clock {
    struct lt_ctx *ctx;
    const struct lt_container *container;
    struct lt_appclock clock;            /* by the container's log */
    struct lt_appclock files;            /* by the log files in its rw layer */
    struct lt_where where;               /* of the first line with an application's time */
    struct lt_time last[LT_LOG_STREAMS]; /* of the line before, in the same log and stream */
    struct lt_time latest;               /* of any line of the same log */
    struct lt_time earliest;             /* of any line of any log */
    struct lt_buf text[LT_LOG_FACTS];    /* of the facts of the line at hand */
    struct lt_str facts[LT_LOG_FACTS];
    void *items[LT_LOG_FACTS];
    size_t count;
};

/* A log begins: the times of its lines have nothing to do with those of another. */
void lt_log_clock_begin(struct lt_log_clock *log);

/* Look at a line that will be emitted: its tags are completed, and the facts about it returned, which are borrowed
 * until the next line. Emits what is an event of its own: a step of the clock, and with ctx->reading->app_times the
 * application's time.
 */
enum lt_status lt_log_clock_line(struct lt_log_clock *log, struct lt_event *line, unsigned stream, struct lt_str body,
                                 struct lt_list *facts, struct lt_err *err);

/* Measure by the files in /var/log of the container's rw layer too, and in the directories there: the last line of each
 * was written when the file's mtime says, if its ctime bears that out. */
void lt_log_clock_files(struct lt_log_clock *log);

/* Emit what was measured of the application's clock, if there was anything. */
enum lt_status lt_log_clock_end(struct lt_log_clock *log, struct lt_err *err);

void lt_log_clock_free(struct lt_log_clock *log);

#endif
