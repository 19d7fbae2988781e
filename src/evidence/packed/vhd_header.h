// SPDX-License-Identifier: Apache-2.0
/* The footer of a VHD, and the header of one that is not fixed (Microsoft, Virtual Hard Disk Image Format Specification
 * 1.0; numbers are big-endian). Private to evidence/packed/. */
#ifndef LT_EVIDENCE_PACKED_VHD_HEADER_H
#define LT_EVIDENCE_PACKED_VHD_HEADER_H

#include "base/cursor.h"
#include "base/err.h"
#include "evidence/packed/format.h"

enum { LT_VHD_FOOTER = 512, LT_VHD_HEADER = 1024, LT_VHD_UUID = 16 };
enum lt_vhd_type { LT_VHD_FIXED = 2, LT_VHD_DYNAMIC = 3, LT_VHD_DIFFERENCE = 4 };

struct lt_vhd_footer {
    uint64_t header; /* where the header begins; of no meaning in a fixed one */
    uint64_t size;   /* bytes of the disk */
    uint32_t type;
    unsigned char uuid[LT_VHD_UUID];
    bool sound; /* its checksum is right */
};

/* Decode a footer. False: it is none. */
bool lt_vhd_footer(struct lt_cursor *bytes, struct lt_vhd_footer *out);

struct lt_vhd_header {
    uint64_t table, count; /* where the table of blocks begins, and how many entries it has */
    uint64_t block;        /* bytes */
    unsigned char parent[LT_VHD_UUID];
    bool sound;
};

/* Decode a header of LT_VHD_HEADER bytes. False: it is none. */
bool lt_vhd_header(struct lt_cursor *bytes, struct lt_vhd_header *out);

/* Add the names that the header gives its parent, without the directories of the machine that made it. Some of them lie
 * elsewhere on `device`. */
void lt_vhd_parents(struct lt_cursor *bytes, const struct lt_device *device, struct lt_arena *arena,
                    struct lt_list *names);

#endif
