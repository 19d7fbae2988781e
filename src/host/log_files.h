// SPDX-License-Identifier: Apache-2.0
/* The text logs of a host: which files there are, in what order they were written, and in which years. */
#ifndef LT_HOST_LOG_FILES_H
#define LT_HOST_LOG_FILES_H

#include "host/attribution.h"
#include "read/source.h"

enum { LT_MAX_YEARS = 50 }; /* that one file may span */

/* All files of one name: that itself, NAME.1 and NAME-20261123, each maybe packed. */
struct lt_log_family {
    const char *directory, *name; /* the directory below that of all logs: "", "docker" or "upstart" */
    bool own;                     /* nobody but Docker writes to it, without a header */
};

struct lt_log_file {
    const struct lt_log_family *family;
    struct lt_str path;            /* in the run arena */
    const char *packed;            /* how it is packed, if that cannot be read; NULL */
    uint64_t age;                  /* 0 is what is written to now */
    struct lt_time written, dated; /* its mtime; the end of the day that its name tells */
};

struct lt_log_files {
    struct lt_log_file *items;
    size_t count;
};

/* Find the files of all `count` families on the file system of ctx->root: one family after the other, of each the
 * newest first, and no file twice. The caller frees out->items. */
void lt_log_files_find(struct lt_ctx *ctx, const struct lt_log_family *families, size_t count,
                       struct lt_log_files *out);

/* The year in which a log begins whose stamps have none, in `*year`, and in `*from` what tells it: a stamp with a year;
 * the times that Docker's programs wrote into most of their messages, unless they are years after the last line was
 * written at the latest; or else that, which is the earliest of the file's mtime, the date in its name, and `limit`,
 * the first time in the file after it. Reads the whole file. False: it cannot be told, or would be before 1970, or the
 * file spans more than LT_MAX_YEARS. */
bool lt_log_year(const struct lt_attribution *mentions, struct lt_fs *fs, const struct lt_log_file *file,
                 const struct lt_zone *zone, struct lt_time limit, int64_t *year, struct lt_str *from);

#endif
