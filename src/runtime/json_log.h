// SPDX-License-Identifier: Apache-2.0
/* Logs in the format of Docker's json-file driver, which nerdctl writes too. */
#ifndef LT_RUNTIME_JSON_LOG_H
#define LT_RUNTIME_JSON_LOG_H

#include "evidence/stream.h"
#include "parse/logline.h"
#include "runtime/log_lines.h"

/* The number of a stream: 0 stdout, 1 stderr. */
unsigned lt_json_log_stream(struct lt_str name);

/* Add all records of `stream`, the current file of `lines`. Damaged ones are reported, and their text is kept. `record`
 * is reused and belongs to the caller. */
enum lt_status lt_json_log_read(struct lt_log_lines *lines, struct lt_logline *record, struct lt_stream *stream,
                                struct lt_err *err);

#endif
