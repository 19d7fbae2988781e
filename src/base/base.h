// SPDX-License-Identifier: Apache-2.0
/* The ground floor: code that knows nothing of evidence or containers. This header includes what nearly every file
 * needs. The map:
 *
 *   arena.c        memory: three lifetimes           list.h       a list of pointers in an arena
 *   str.c          byte strings and buffers          map.c        byte string to pointer
 *   set.h          sets of small numbers             err.c        the error convention
 *   clock.c        points in time, UTC               escape.c     evidence bytes to safe text
 *   cursor.h       bounds-checked reading            utf8.c       UTF-8
 *   base64.c       Base64                            gz.c         gzip (zlib)
 *   crc32c.c       checksum of ext4                  crc64.c      checksum of tar-split
 *   sha256.c       SHA-256 (libcrypto)               output.c     files that appear only when complete
 *   temporary.c    temporary files                   version.h    the version
 *   zst.c          zstd (libzstd)                    xz.c         xz (liblzma)
 *   packing.c      how a file is packed              near.c       the nearest word to a mistyped one
 *   csvcell.c      text in a cell of CSV             bisect.h     a number in a sorted array
 *   xxh64.c        a checksum of btrfs
 */
#ifndef LT_BASE_BASE_H
#define LT_BASE_BASE_H

#include "base/err.h"
#include "base/list.h"
#include "base/str.h"

#endif
