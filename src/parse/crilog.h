// SPDX-License-Identifier: Apache-2.0
/* A line of a log of the Container Runtime Interface, as containerd, CRI-O (conmon) and podman's driver k8s-file write
 * it (containerd internal/cri/io/logger.go, 2.1; kubernetes pkg/kubelet/kuberuntime/logs/logs.go, 1.33; conmon
 * src/ctr_logging.c, 2.1):
 *
 *   2026-11-23T18:46:44.106Z stdout F text        the time has nanoseconds without trailing zeros, and the host's
 * offset
 *
 * After the stream come tags with colons between them. The first is F, or P for a piece of a line that goes on. Each
 * piece has its own time. */
#ifndef LT_PARSE_CRILOG_H
#define LT_PARSE_CRILOG_H

#include "base/clock.h"
#include "base/err.h"

struct lt_crilog {
    struct lt_str stamp, text; /* borrowed from the line; `text` without a newline */
    struct lt_str tags;        /* those after the first, "" if there are none */
    struct lt_time time;
    bool is_stderr;
    bool partial; /* a piece of a line; more pieces follow */
};

/* Decode `line`, which has no newline. LT_SKIP: it is no such line. */
enum lt_status lt_crilog_parse(struct lt_str line, struct lt_crilog *out, struct lt_err *err);

/* Decode a line that lost its beginning, the time or a part of it. `*stream` is "" if that is not whole. False: nothing
 * shows where its text begins, and `*text` is all of it. */
bool lt_crilog_tail(struct lt_str line, struct lt_str *stream, struct lt_str *text);

/* Can `bytes` be the beginning of a line, cut before its text? */
bool lt_crilog_is_head(struct lt_str bytes);

/* The offset in `bytes`, from `from` on, at which such a line begins; the length of `bytes` if none does. At most 64
 * places that look like a beginning are tried. */
size_t lt_crilog_find(struct lt_str bytes, size_t from);

/* The offset in `bytes` of a line that follows on NUL bytes, to which the space of a file that was never written reads
 * as; the length of `bytes` if there is none. */
size_t lt_crilog_after_gap(struct lt_str bytes);

#endif
