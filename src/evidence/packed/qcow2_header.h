// SPDX-License-Identifier: Apache-2.0
/* The header of a qcow2 image, and the table of the snapshots in it (QEMU 7.2, docs/interop/qcow2.txt; numbers are
 * big-endian). Private to evidence/packed/. */
#ifndef LT_EVIDENCE_PACKED_QCOW2_HEADER_H
#define LT_EVIDENCE_PACKED_QCOW2_HEADER_H

#include "base/cursor.h"
#include "base/err.h"
#include "base/str.h"
#include "evidence/packed/table.h"

struct lt_qcow2_header {
    uint32_t version; /* 2 or 3 */
    unsigned cluster_bits;
    uint64_t size;      /* bytes of the disk */
    uint64_t l1, count; /* offset of the table of level 1, and how many entries it has */
    uint64_t snapshots; /* offset of their table... */
    uint32_t snapshot_count;
    bool dirty, corrupt, extended, zstd;
    bool has_backing, has_data;
    struct lt_str backing, backing_format, data; /* names; they live in the arena */
};

/* Decode the first bytes of an image: its first cluster, but at most LT_PACKED_HEADER. LT_SKIP: it is damaged, or needs
 * what we cannot do; `err` says what. */
enum lt_status lt_qcow2_header(struct lt_cursor *bytes, struct lt_arena *arena, struct lt_qcow2_header *out,
                               struct lt_err *err);

struct lt_qcow2_snapshot {
    char id[32], name[64]; /* cut to fit, hostile bytes */
    uint32_t seconds;      /* since 1970, by the clock of the machine that ran it */
};

/* The snapshot whose entry begins at `*at`, which becomes that of the next one. False: it cannot be read. */
bool lt_qcow2_snapshot(struct lt_packed_table *table, uint64_t *at, struct lt_qcow2_snapshot *out);

#endif
