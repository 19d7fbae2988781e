// SPDX-License-Identifier: Apache-2.0
/* A file of the evidence, from start to end, in little memory whatever its size. It may be plain, gzip, zstd or
 * xz; its first bytes tell. The caller looks at a window of unread bytes, and asks for more when it needs them. */
#ifndef LT_EVIDENCE_STREAM_H
#define LT_EVIDENCE_STREAM_H

#include "evidence/fs.h"

struct lt_stream;

/* Open `path`. LT_END: it does not exist. LT_SKIP: it cannot be opened. Free `*out` with lt_stream_close(). */
enum lt_status lt_stream_open(struct lt_fs *fs, struct lt_str path, struct lt_stream **out, struct lt_err *err);

/* The same for a file that is in memory already, and is borrowed. Such a stream may be read on any thread. */
struct lt_stream *lt_stream_of(struct lt_str bytes);

/* Is the file packed, also in a way that is not read? Then the first lt_stream_fill() says so. */
bool lt_stream_is_packed(const struct lt_stream *stream);

/* Size of the file as it lies, in bytes. */
uint64_t lt_stream_size(const struct lt_stream *stream);

/* Sum up the bytes of the file as they lie for lt_stream_digest(). Call this before anything is read. */
void lt_stream_hash(struct lt_stream *stream);

/* The unread bytes in the window, borrowed until the next call. There are none at first. */
struct lt_str lt_stream_view(const struct lt_stream *stream);

/* Offset of the first unread byte, in the unpacked file. */
uint64_t lt_stream_offset(const struct lt_stream *stream);

/* Mark the first `count` bytes of the view as read. */
void lt_stream_consume(struct lt_stream *stream, size_t count);

/* Add more bytes behind those of the view. LT_END: there are no more. LT_SKIP: what follows is lost (a failed read,
 * damaged packed data, data that unpack to far too much; LT_CODE_UNSUPPORTED: packed in a way that is not read). There
 * may still be bytes in the view then, but no more will come. */
enum lt_status lt_stream_fill(struct lt_stream *stream, struct lt_err *err);

/* Read the rest of the file, without unpacking it, and append the SHA-256 of all its bytes as 64 hex digits to `out`.
 * Nothing more can be read then. LT_END: there is no hash, because this build has none or nobody asked. LT_SKIP: the
 * file cannot be read to its end. */
enum lt_status lt_stream_digest(struct lt_stream *stream, struct lt_buf *out, struct lt_err *err);

void lt_stream_close(struct lt_stream *stream);

#endif
