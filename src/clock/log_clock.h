// SPDX-License-Identifier: Apache-2.0
/* Times in a container's log besides the host's: those in the text of the lines, and those that contradict each
 * other. */
#ifndef LT_CLOCK_LOG_CLOCK_H
#define LT_CLOCK_LOG_CLOCK_H

#include "clock/floor.h"
#include "parse/appclock.h"
#include "read/context.h"

enum { LT_LOG_STREAMS = 2, LT_LOG_FACTS = 3 };

/* State for one container. Initialise ctx and container; release with lt_log_clock_free(). */
struct lt_log_clock {
    struct lt_ctx *ctx;
    const struct lt_container *container;
    const char *end_field;               /* field that says when the container ended; NULL: State.FinishedAt */
    struct lt_appclock clock;            /* measured by the container's log */
    struct lt_appclock files;            /* measured by the log files in its rw layer */
    struct lt_where where;               /* of the first line with an application's time */
    struct lt_time last[LT_LOG_STREAMS]; /* of the previous line in the same log and stream */
    struct lt_time latest;               /* of any line of the same log */
    struct lt_time previous;             /* of the line before, in the same log */
    struct lt_floor floor;               /* no further line is earlier, by a clock that is right */
    struct lt_time earliest;             /* of any line of any log */
    struct lt_buf text[LT_LOG_FACTS];    /* text of the current line's facts */
    struct lt_str facts[LT_LOG_FACTS];
    void *items[LT_LOG_FACTS];
    size_t count;
};

/* A new log begins. The times of its lines are not compared with those of another log. */
void lt_log_clock_begin(struct lt_log_clock *log);

/* Check a line that will be emitted. Its tags are completed. `*facts` is the list of facts about it, borrowed until the
 * next line. Emits events of its own: a clock step and, with ctx->reading->app_times, the application's time. */
enum lt_status lt_log_clock_line(struct lt_log_clock *log, struct lt_event *line, unsigned stream, struct lt_str body,
                                 struct lt_list *facts, struct lt_err *err);

/* Measure by the log files in /var/log of the container's rw layer and in its subdirectories as well. The last line of
 * each file was written at the file's mtime, if the ctime confirms that. */
void lt_log_clock_files(struct lt_log_clock *log);

/* Emit what was measured of the application's clock, if anything. */
enum lt_status lt_log_clock_end(struct lt_log_clock *log, struct lt_err *err);

void lt_log_clock_free(struct lt_log_clock *log);

#endif
