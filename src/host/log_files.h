// SPDX-License-Identifier: Apache-2.0
/* The text logs of a host: which files there are, their order, and the years they cover. */
#ifndef LT_HOST_LOG_FILES_H
#define LT_HOST_LOG_FILES_H

#include "host/attribution.h"
#include "read/source.h"

/* All files of one log: NAME itself, NAME.1, NAME-20261123 and NAME.old, each possibly packed (parse/rotation.h). */
struct lt_log_family {
    const char *directory, *name; /* directory below the log directory: "", "docker" or "upstart" */
    bool own;                     /* only Docker writes to it, without a syslog header */
};

struct lt_log_file {
    const struct lt_log_family *family;
    struct lt_str path;            /* in the run arena */
    bool by_hand;                  /* nothing but its contents tells its age, and it may be a copy */
    uint64_t age;                  /* 0: still written to; grows with the age */
    struct lt_time written, dated; /* mtime; when the day in its name had ended in every time zone */
};

struct lt_log_files {
    struct lt_log_file *items;
    size_t count;
};

/* Find the files of all `count` families on ctx->fs. `out` lists one family after the other, the newest file first, no
 * file twice. The caller frees out->items. */
void lt_log_files_find(struct lt_ctx *ctx, const struct lt_log_family *families, size_t count,
                       struct lt_log_files *out);

/* Find the year in which a log without years in its stamps begins. `*from` names the witness, in order of preference: a
 * stamp with a year; the times that Docker's programs wrote into most of their messages; the latest time at which the
 * last line can have been written. That bound is the earliest of the file's mtime, the date in its name, and `limit`,
 * the first time in the next file. The daemon's times are not used if they begin more than a year after what the bound
 * gives, unless the bound is a stock time (lt_time_is_stock()). Reads the whole file. False: the year is unknown or
 * before 1970, or the file spans more than LT_MAX_YEARS. */
bool lt_log_year(const struct lt_attribution *attribution, struct lt_fs *fs, const struct lt_log_file *file,
                 const struct lt_zone *zone, struct lt_time limit, int64_t *year, struct lt_str *from);

#endif
