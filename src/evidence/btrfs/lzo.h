// SPDX-License-Identifier: Apache-2.0
/* LZO1X, as btrfs packs extents with it: pieces of one sector each, which do not depend on each other. The decoder sees
 * nothing but the bytes. Facts: linux Documentation/staging/lzo.rst, fs/btrfs/lzo.c (kernel 6.18). */
#ifndef LT_EVIDENCE_BTRFS_LZO_H
#define LT_EVIDENCE_BTRFS_LZO_H

#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* Unpack one LZO1X stream into at most `room` bytes. The number of bytes, or -1: it is damaged, or gives more. */
long lt_lzo_unpack(struct lt_str in, unsigned char *out, size_t room);

/* Unpack an extent: a length, then pieces with their lengths, none of which crosses the end of a sector. Bytes that it
 * lacks at its end are not written: `*got` says how many are. LT_SKIP: it is damaged. */
enum lt_status lt_btrfs_unpack_lzo(struct lt_str in, uint32_t sector_size, unsigned char *out, size_t room, size_t *got,
                                   struct lt_err *err);

#endif
