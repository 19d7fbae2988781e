// SPDX-License-Identifier: Apache-2.0
/* Unpacks zstd (RFC 8878) through libzstd, if the build found it. Only zst.c includes libzstd. */
#ifndef LT_BASE_ZST_H
#define LT_BASE_ZST_H

#include "base/err.h"
#include "base/str.h"

struct lt_zst;

/* Does the file begin with a frame of zstd, or with one to be skipped, as zstd:chunked has them (RFC 8878, 3.1)? */
bool lt_is_zst(struct lt_str head);

/* Create a decompressor for any number of frames; those to be skipped give no bytes. NULL in a build without libzstd.
 * Free it with lt_zst_free(). */
struct lt_zst *lt_zst_new(void);

/* As lt_inflate(). A frame that asks for a window of more than 128 MiB is refused, which is what libzstd and its
 * program do unless they are told otherwise. */
enum lt_status lt_zst_unpack(struct lt_zst *zst, struct lt_str *in, char *out, size_t room, size_t *got,
                             struct lt_err *err);

/* May a call without input give more bytes? */
bool lt_zst_holds(const struct lt_zst *zst);

/* At the end of the input: is a frame incomplete? */
bool lt_zst_incomplete(const struct lt_zst *zst);

void lt_zst_free(struct lt_zst *zst);

/* Version of libzstd, or NULL in a build without it. */
const char *lt_zst_version(void);

#endif
