// SPDX-License-Identifier: Apache-2.0
/* xz through liblzma, if the build found it. Only xz.c includes liblzma. */
#ifndef LT_BASE_XZ_H
#define LT_BASE_XZ_H

#include "base/err.h"
#include "base/str.h"

enum { LT_XZ_MAGIC = 6 };

struct lt_xz;

/* Does the file begin with a stream of xz (The .xz File Format 1.2.1, 2.1.1.1)? Needs its first LT_XZ_MAGIC bytes. */
bool lt_is_xz(struct lt_str head);

/* Create a decompressor for any number of streams, with padding between them. NULL in a build without liblzma. Free it
 * with lt_xz_free(). */
struct lt_xz *lt_xz_new(void);

/* As lt_inflate(). Data that need more than 128 MiB of memory are refused; `xz -9` needs 65. */
enum lt_status lt_xz_unpack(struct lt_xz *xz, struct lt_str *in, char *out, size_t room, size_t *got,
                            struct lt_err *err);

/* May a call without input give more bytes? */
bool lt_xz_holds(const struct lt_xz *xz);

/* At the end of the input: is a stream incomplete? */
bool lt_xz_incomplete(const struct lt_xz *xz);

void lt_xz_free(struct lt_xz *xz);

/* Version of liblzma, or NULL in a build without it. */
const char *lt_xz_version(void);

#endif
