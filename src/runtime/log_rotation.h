// SPDX-License-Identifier: Apache-2.0
/* Which files a log has, and in which order they are to be read. */
#ifndef LT_RUNTIME_LOG_ROTATION_H
#define LT_RUNTIME_LOG_ROTATION_H

#include "parse/rotation.h"
#include "read/context.h"

/* A file of a log. */
struct lt_log_file {
    struct lt_str path;
    struct lt_rotation rotation;
    struct lt_time written; /* its mtime */
    bool follows;           /* it goes on where the file before it ends */
};

/* The files of the log `name` in `directory` and in the directories in it (logrotate's olddir), oldest first: of struct
 * lt_log_file *, in scratch. Docker moves all files on at each rotation, so that .1 is the newest. With `counts_up`
 * numbers only grow, but begin anew with each start of the container; the mtime is set at rotation
 * (fahedouch/go-logrotate logrotate.go, which nerdctl 1 and 2 use). Copies (lt_log_is_copy()) are left out. */
struct lt_list lt_log_files(struct lt_ctx *ctx, struct lt_str directory, struct lt_str name, bool counts_up);

/* The same among the entries of `directory`, of which entry `at` is one of its files. The time does not depend on how
 * many other logs are there. */
struct lt_list lt_log_files_among(struct lt_ctx *ctx, struct lt_str directory, const struct lt_listing *listing,
                                  size_t at, struct lt_str name);

/* Is the unpacked file `other` the beginning of the file `path`, or all of it? Then it adds nothing, and its lines are
 * counted as deduplicated. With `unfinished` its end may be lost: compression was under way when the host stopped, and
 * the plain file is removed only afterwards. */
bool lt_log_is_copy(struct lt_ctx *ctx, struct lt_str path, struct lt_str other, bool unfinished);

#endif
