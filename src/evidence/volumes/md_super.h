// SPDX-License-Identifier: Apache-2.0
/* Superblocks of the disks of Linux md arrays: version 0.90 near the end of a disk, version 1 at its end (1.0), at its
 * start (1.1) or 4 KiB behind that (1.2). The bytes are hostile. Facts: linux 6.18 include/uapi/linux/raid/md_p.h and
 * drivers/md/md.c, super_90_load() and super_1_load(). Numbers are little-endian. */
#ifndef LT_EVIDENCE_VOLUMES_MD_SUPER_H
#define LT_EVIDENCE_VOLUMES_MD_SUPER_H

#include "base/cursor.h"
#include "base/str.h"

enum {
    LT_MD_SUPER = 4096, /* bytes that are looked at */
    LT_MD_LINEAR = -1,  /* a level */
    LT_MD_SPARE = 0xFFFF,
    LT_MD_DISKS = 1024, /* of an array that is read */
};

struct lt_md_super {
    unsigned major, minor; /* of the format */
    unsigned char uuid[16];
    unsigned char disk_uuid[16]; /* zeros in 0.90 */
    struct lt_str name;          /* "host:name"; "" in 0.90. A view of the bytes */
    unsigned number;             /* of the array, in 0.90 */
    int32_t level;
    uint32_t disks;  /* of the array */
    uint32_t disk;   /* number of this one */
    uint32_t role;   /* its place in the array, or LT_MD_SPARE and others above LT_MD_DISKS: none */
    uint64_t start;  /* of the data, in bytes */
    uint64_t size;   /* of the data that each disk gives to the array, in bytes; 0 in some linear arrays */
    uint64_t usable; /* of this disk, in bytes; 0: up to the superblock */
    uint64_t events; /* the more, the newer */
    uint64_t chunk;  /* bytes; 0: none */
    uint64_t made;   /* seconds since 1970; of its 40 bits, 37 are believed: up to the year 6325 */
    bool synced;     /* what is on the disk is complete */
};

/* Decode a superblock that lies at `at` of its disk; `bytes` are up to LT_MD_SUPER of it. False: there is none of that
 * version that belongs there, or its checksum is wrong. */
bool lt_md_super_1(struct lt_cursor bytes, uint64_t at, struct lt_md_super *out);
bool lt_md_super_0(struct lt_cursor bytes, struct lt_md_super *out);

/* Where the superblock of version 1.0 or 0.90 is on a disk of `size` bytes. False: the disk is too small. */
bool lt_md_place_1_0(uint64_t size, uint64_t *at);
bool lt_md_place_0_90(uint64_t size, uint64_t *at);

#endif
