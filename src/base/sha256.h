// SPDX-License-Identifier: Apache-2.0
/* SHA-256 through libcrypto, if the build found it; otherwise there are no hashes. Only sha256.c includes libcrypto. */
#ifndef LT_BASE_SHA256_H
#define LT_BASE_SHA256_H

#include "base/str.h"

struct lt_sha256;

/* A running hash, or NULL if libcrypto is missing or fails. The other functions accept NULL. */
struct lt_sha256 *lt_sha256_new(void);
void lt_sha256_add(struct lt_sha256 *hash, struct lt_str bytes);

/* Append the hash as 64 hex digits to `out` (nothing if `hash` is NULL), and free it. */
void lt_sha256_finish(struct lt_sha256 *hash, struct lt_buf *out);

/* Version of libcrypto, or NULL in a build without it. */
const char *lt_sha256_version(void);

#endif
