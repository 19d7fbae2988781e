// SPDX-License-Identifier: Apache-2.0
/* Logs of Docker's containers, wherever they lie. */
#ifndef LT_RUNTIME_DOCKER_LOG_H
#define LT_RUNTIME_DOCKER_LOG_H

#include "runtime/docker/docker.h"
#include "runtime/json_log.h"

/* One log of one container, with all its rotated files. Initialise `ctx` and `lines`. */
struct lt_docker_log {
    struct lt_ctx *ctx;
    struct lt_log_lines lines;
    struct lt_logline record;
};

/* Add all records of `stream`, the current file of log->lines. Damaged ones are reported, and what is left of them is
 * kept. */
typedef enum lt_status lt_docker_log_reader(struct lt_docker_log *log, struct lt_stream *stream, struct lt_err *err);
lt_docker_log_reader lt_docker_json_read, lt_docker_local_read;

/* The reader for a file that looks like a log, by a record at its beginning; NULL: it does not. `problem`: what could
 * not be read of that. */
lt_docker_log_reader *lt_docker_log_shape(struct lt_stream *stream, struct lt_err *problem);
#define LT_DOCKER_NO_LOG "named like a log, but it does not begin like one of Docker's drivers: not read"

/* See lt_runtime.log_of. */
lt_log_reader *lt_docker_log_of(struct lt_str head);

/* Read the files of a log: see lt_log_files(). */
enum lt_status lt_docker_log_read(struct lt_docker_log *log, lt_docker_log_reader *read, const struct lt_list *files,
                                  struct lt_err *err);

void lt_docker_log_free(struct lt_docker_log *log);

#endif
