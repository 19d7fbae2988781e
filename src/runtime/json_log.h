// SPDX-License-Identifier: Apache-2.0
/* Logs in the format of Docker's json-file driver, which nerdctl writes too, and their rotated files. */
#ifndef LT_RUNTIME_JSON_LOG_H
#define LT_RUNTIME_JSON_LOG_H

#include "evidence/stream.h"
#include "parse/logline.h"
#include "runtime/log_lines.h"

/* A file of a log. */
struct lt_log_file {
    struct lt_str path;
    long number;            /* behind its name; 0: none, it is the one that is written to */
    struct lt_time written; /* its mtime */
};

/* The files of the log `name` in `directory`, oldest first: of struct lt_log_file *, in scratch. Rotated ones have a
 * number behind the name, and may be packed (".3.gz"). Docker moves all on at each rotation, so that 1 is the newest.
 * With `counts_up` numbers only grow, but begin anew with each start of the container; the mtime is set at rotation
 * (fahedouch/go-logrotate logrotate.go, which nerdctl 1 and 2 use). Copies (lt_log_is_copy()) are left out. */
struct lt_list lt_log_files(struct lt_ctx *ctx, struct lt_str directory, struct lt_str name, bool counts_up);

/* The number of a stream: 0 stdout, 1 stderr. */
unsigned lt_json_log_stream(struct lt_str name);

/* Add all records of `stream`, the current file of `lines`. Damaged ones are reported, and their text is kept. `record`
 * is reused and belongs to the caller. */
enum lt_status lt_json_log_read(struct lt_log_lines *lines, struct lt_logline *record, struct lt_stream *stream,
                                struct lt_err *err);

#endif
