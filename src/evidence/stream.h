// SPDX-License-Identifier: Apache-2.0
/* A file of the evidence from its start to its end, plain or gzip (told by its first bytes), in bounded memory whatever
 * its size. The caller looks at a window of unread bytes, and asks for more of them when it needs to. */
#ifndef LT_EVIDENCE_STREAM_H
#define LT_EVIDENCE_STREAM_H

#include "evidence/fs.h"

struct lt_stream;

/* Open `path`. LT_END when missing. Free `*out` with lt_stream_close(). */
enum lt_status lt_stream_open(struct lt_fs *fs, struct lt_str path, struct lt_stream **out, struct lt_err *err);

/* The same of a file that is in memory already, borrowed: it may be read on any thread. */
struct lt_stream *lt_stream_of(struct lt_str bytes);

/* The unread bytes at hand, borrowed until the next call; empty at first. */
struct lt_str lt_stream_view(const struct lt_stream *stream);

/* Offset of the first unread byte in the unpacked file. */
uint64_t lt_stream_offset(const struct lt_stream *stream);

/* The first `count` bytes of the view are done with. */
void lt_stream_consume(struct lt_stream *stream, size_t count);

/* Get more bytes behind those of the view. LT_END: there are no more. LT_SKIP: what follows is lost (a failed read,
 * damaged gzip data, data that unpack beyond all reason); after it there may be bytes in the view still, but no more to
 * come. */
enum lt_status lt_stream_fill(struct lt_stream *stream, struct lt_err *err);

void lt_stream_close(struct lt_stream *stream);

#endif
