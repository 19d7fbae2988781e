// SPDX-License-Identifier: Apache-2.0
/* One record of Docker's json-file log driver (moby daemon/logger/jsonfilelog/jsonlog, 28.x):
 *   {"log":"text\n","stream":"stdout","attrs":{...},"time":"2026-11-23T17:46:04.24833236Z"}
 * A member that is empty is left out. "attrs" holds strings, which --log-opt tag, labels, labels-regex, env and
 * env-regex choose (daemon/logger/loginfo.go, ExtraAttributes). It has its own scanner, because a log has millions of
 * records and jansson needs several allocations for each. */
#ifndef LT_PARSE_LOGLINE_H
#define LT_PARSE_LOGLINE_H

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"

/* A record begins so, and no string in a record holds these bytes, as quotes are escaped in one. */
#define LT_LOGLINE_START LT_STR("{\"log\":")

struct lt_logline {
    struct lt_buf text;   /* owned and reused; unescaped. Without a final newline it is a piece of a line */
    struct lt_buf stream; /* owned and reused; "stdout" or "stderr" */
    struct lt_time time;
    struct lt_list attrs;  /* of struct lt_str *: "key=value", in the order of the record; may hold secrets */
    struct lt_arena arena; /* holds them until the next record */
};

/* Decode the record at the start of `*rest` into `out` (start with {0}, free with lt_logline_free()). `*rest` becomes
 * what follows it, without blanks. LT_SKIP: it is no such record, or has no valid time; `out` then holds what was
 * decoded before the damage, and `time` is set only if that of the record is whole. */
enum lt_status lt_logline_next(struct lt_str *rest, struct lt_logline *out, struct lt_err *err);

/* The same for all of `line`. LT_SKIP also if something follows the record. */
enum lt_status lt_logline_parse(struct lt_str line, struct lt_logline *out, struct lt_err *err);

/* Decode a record whose beginning is lost: all of `bytes`, which end with its own end. False: that is lost as well,
 * with the time, and `out` holds no more than the text. */
bool lt_logline_tail(struct lt_str bytes, struct lt_logline *out);

/* Where in `bytes`, from `from` on, a record begins; the length of `bytes` if none does. */
size_t lt_logline_find(struct lt_str bytes, size_t from);

void lt_logline_free(struct lt_logline *line);

#endif
