// SPDX-License-Identifier: Apache-2.0
/* gzip in both directions, over bytes in memory; gz.c is the only file that includes zlib. */
#ifndef LT_BASE_GZ_H
#define LT_BASE_GZ_H

#include "base/err.h"
#include "base/str.h"

struct lt_inflate;
struct lt_deflate;

/* Does the file begin like a gzip file (RFC 1952: 1f 8b 08)? */
bool lt_is_gzip(struct lt_str head);

/* The extra field of a gzip header (RFC 1952, section 2.3.1), "" if there is none, or not all of it in `head`. */
struct lt_str lt_gzip_extra(struct lt_str head);

/* A decompressor for one gzip file of any number of members. Free it with lt_inflate_free(). */
struct lt_inflate *lt_inflate_new(void);

/* Take bytes off the front of `in` and write up to `room` unpacked bytes to `out`, their number to `*got`. LT_OK: go
 * on, with more input when `in` is empty. LT_END: the last member was complete. LT_SKIP: damaged; `*got` bytes are good
 * still. */
enum lt_status lt_inflate(struct lt_inflate *inflate, struct lt_str *in, char *out, size_t room, size_t *got,
                          struct lt_err *err);

/* At the end of the input: is a member half-read? */
bool lt_inflate_incomplete(const struct lt_inflate *inflate);

void lt_inflate_free(struct lt_inflate *inflate);

/* A compressor (level 1: the time of a run matters more than the last tenth of size). The header holds no time and
 * no name, so equal input gives equal output. Free it with lt_deflate_free(). */
struct lt_deflate *lt_deflate_new(void);

/* Append `in`, compressed, to `out`; `finish` completes the file. */
void lt_deflate(struct lt_deflate *deflate, struct lt_str in, bool finish, struct lt_buf *out);

void lt_deflate_free(struct lt_deflate *deflate);

/* Version of zlib, for --version. */
const char *lt_zlib_version(void);

#endif
