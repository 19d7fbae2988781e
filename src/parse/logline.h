// SPDX-License-Identifier: Apache-2.0
/* One record of Docker's json-file log driver (moby daemon/logger/jsonfilelog/jsonlog, 28.x):
 *   {"log":"text\n","stream":"stdout","attrs":{...},"time":"2026-11-23T17:46:04.24833236Z"}
 * It has its own scanner, because a log has millions of records and jansson needs several allocations for each. */
#ifndef LT_PARSE_LOGLINE_H
#define LT_PARSE_LOGLINE_H

#include "base/clock.h"
#include "base/err.h"

struct lt_logline {
    struct lt_buf text;   /* owned and reused; unescaped. Without a final newline it is a piece of a line */
    struct lt_buf stream; /* owned and reused; "stdout" or "stderr" */
    struct lt_time time;
};

/* Decode `line` into `out` (start with {0}, free with lt_logline_free()). LT_SKIP: it is not such a record, or has no
 * valid time. */
enum lt_status lt_logline_parse(struct lt_str line, struct lt_logline *out, struct lt_err *err);
void lt_logline_free(struct lt_logline *line);

#endif
