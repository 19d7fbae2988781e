// SPDX-License-Identifier: Apache-2.0
/* gzip over bytes in memory: packing it, and its header. Unpacking: packing.h. */
#ifndef LT_BASE_GZ_H
#define LT_BASE_GZ_H

#include "base/err.h"
#include "base/str.h"

struct lt_deflate;

/* The extra field of a gzip header (RFC 1952, section 2.3.1), or "" if it is absent or not completely in `head`. */
struct lt_str lt_gzip_extra(struct lt_str head);

/* Create a compressor. Level 1, because the time of a run matters more than the last tenth of the size. The header
 * holds no time and no name, so equal input gives equal output. Free it with lt_deflate_free(). */
struct lt_deflate *lt_deflate_new(void);

/* Compress `in` and append it to `out`; `finish` completes the file. */
void lt_deflate(struct lt_deflate *deflate, struct lt_str in, bool finish, struct lt_buf *out);

void lt_deflate_free(struct lt_deflate *deflate);

#endif
