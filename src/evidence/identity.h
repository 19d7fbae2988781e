// SPDX-License-Identifier: Apache-2.0
/* Identifiers of file systems and partitions as text, in the form in which blkid prints them and /etc/fstab holds them
 * (util-linux 2.38, libblkid/src/superblocks). The bytes may be hostile, and the texts are not escaped. All of them
 * live in `arena`, and are "" where the disk says nothing. */
#ifndef LT_EVIDENCE_IDENTITY_H
#define LT_EVIDENCE_IDENTITY_H

#include "base/str.h"

/* A UUID in lower case, from its 16 bytes in the order of RFC 4122, or from a GUID, whose first three fields are
 * little-endian (UEFI 2.10, appendix A). All zeros are none. */
struct lt_str lt_uuid_text(struct lt_arena *arena, const unsigned char bytes[16]);
struct lt_str lt_guid_text(struct lt_arena *arena, const unsigned char bytes[16]);

/* A label in a field of `size` bytes, up to the first NUL and without white space at its end. The second takes
 * UTF-16, little-endian, and gives UTF-8. */
struct lt_str lt_label_text(struct lt_arena *arena, const unsigned char *bytes, size_t size);
struct lt_str lt_utf16_text(struct lt_arena *arena, const unsigned char *bytes, size_t size);

#endif
