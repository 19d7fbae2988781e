// SPDX-License-Identifier: Apache-2.0
/* SHA-256 through libcrypto where the build found it; without it there simply are no hashes. sha256.c is the only file
 * that includes libcrypto. */
#ifndef LT_BASE_SHA256_H
#define LT_BASE_SHA256_H

#include "base/str.h"

struct lt_sha256;

/* A running hash, or NULL in a build without libcrypto. The other functions accept NULL. */
struct lt_sha256 *lt_sha256_new(void);
void lt_sha256_add(struct lt_sha256 *hash, struct lt_str bytes);

/* Finish: append 64 hex digits to `out` (nothing without libcrypto). Frees the hash. */
void lt_sha256_finish(struct lt_sha256 *hash, struct lt_buf *out);

/* Version of libcrypto, or NULL in a build without it. */
const char *lt_sha256_version(void);

#endif
