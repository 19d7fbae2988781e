// SPDX-License-Identifier: Apache-2.0
/* gzip in both directions, over bytes in memory. Only gz.c includes zlib. */
#ifndef LT_BASE_GZ_H
#define LT_BASE_GZ_H

#include "base/err.h"
#include "base/str.h"

struct lt_inflate;
struct lt_deflate;

/* Does the file begin like a gzip file (RFC 1952: 1f 8b 08)? */
bool lt_is_gzip(struct lt_str head);

/* The extra field of a gzip header (RFC 1952, section 2.3.1), or "" if it is absent or not completely in `head`. */
struct lt_str lt_gzip_extra(struct lt_str head);

/* Create a decompressor for one gzip file with any number of members. Free it with lt_inflate_free(). */
struct lt_inflate *lt_inflate_new(void);

/* Consume bytes from the front of `in`, write up to `room` unpacked bytes to `out` and store their number in `*got`.
 * LT_OK: call again, with more input if `in` is empty. LT_END: `in` is empty and its last member is complete; if more
 * input follows, it must be another member. LT_SKIP: the data is damaged; the `*got` bytes are still good. */
enum lt_status lt_inflate(struct lt_inflate *inflate, struct lt_str *in, char *out, size_t room, size_t *got,
                          struct lt_err *err);

/* At the end of the input: is a member incomplete? */
bool lt_inflate_incomplete(const struct lt_inflate *inflate);

void lt_inflate_free(struct lt_inflate *inflate);

/* Create a compressor. Level 1, because the time of a run matters more than the last tenth of the size. The header
 * holds no time and no name, so equal input gives equal output. Free it with lt_deflate_free(). */
struct lt_deflate *lt_deflate_new(void);

/* Compress `in` and append it to `out`; `finish` completes the file. */
void lt_deflate(struct lt_deflate *deflate, struct lt_str in, bool finish, struct lt_buf *out);

void lt_deflate_free(struct lt_deflate *deflate);

/* Version of zlib, for --version. */
const char *lt_zlib_version(void);

#endif
