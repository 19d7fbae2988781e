// SPDX-License-Identifier: Apache-2.0
/* Records of Docker's `local` log driver, which is also the cache of drivers that cannot be read back (moby
 * daemon/logger/local/local.go and internal/logdriver/entry.proto, 20.10 to 28.x). Each follows the one before:
 *
 *   u32 big-endian length | protobuf LogEntry | the same length again
 *
 * LogEntry: 1 source, 2 time_nano (varint, Unix ns), 3 line (no newline), 4 partial, 5 {1 last, 2 id, 3 ordinal}. */
#ifndef LT_PARSE_LOCALLOG_H
#define LT_PARSE_LOCALLOG_H

#include "base/clock.h"
#include "base/err.h"

/* dockerd itself refuses a longer LogEntry. The frame is the two lengths around it. */
enum { LT_LOCALLOG_MAX = 1000000, LT_LOCALLOG_FRAME = 8 };

struct lt_locallog {
    struct lt_str source, line; /* borrowed from the record */
    struct lt_time time;
    bool partial; /* a piece of a line; more pieces follow */
};

/* Length of the whole record, frame included, that begins at `bytes`. LT_END: fewer than four bytes. LT_SKIP: no record
 * begins here. */
enum lt_status lt_locallog_length(struct lt_str bytes, size_t *length);

/* Decode a whole record. LT_SKIP: the frame or the entry in it is damaged. */
enum lt_status lt_locallog_parse(struct lt_str record, struct lt_locallog *out, struct lt_err *err);

#endif
