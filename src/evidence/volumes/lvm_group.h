// SPDX-License-Identifier: Apache-2.0
/* A volume group as its metadata describe it: physical volumes, and logical volumes made of segments. It is checked
 * here that numbers hold together; nothing is known of the disks. Facts: lvm2 2.03.16 lib/format_text/export.c and
 * import_vsn1.c. */
#ifndef LT_EVIDENCE_VOLUMES_LVM_GROUP_H
#define LT_EVIDENCE_VOLUMES_LVM_GROUP_H

#include "evidence/volumes/lvm_text.h"

enum {
    LT_LVM_SECTOR = 512, /* bytes of a sector, in which the metadata count */
    LT_LVM_LVS = 4096,   /* logical volumes of a group that is read */
};

struct lt_lvm_pv {
    struct lt_str name;   /* "pv0" */
    struct lt_str uuid;   /* as lt_lvm_uuid() gives it */
    struct lt_str device; /* as it was called last: a hint */
    uint64_t start;       /* of its first extent, in bytes */
    uint64_t extents;
};

struct lt_lvm_segment {
    uint64_t start, size; /* bytes of the volume */
    struct lt_str type;   /* "striped" */
    const struct lt_lvm_node *node;
};

struct lt_lvm_lv {
    struct lt_str name, uuid;
    bool visible;            /* it is a volume for users, and no part of one */
    uint64_t created;        /* seconds since 1970, 0: not known */
    uint64_t size;           /* bytes */
    struct lt_list segments; /* of struct lt_lvm_segment *, in order and without a gap */
    struct lt_err problem;   /* why the segments cannot be used; not set: they can */
};

struct lt_lvm_group {
    struct lt_str name, uuid;
    uint64_t number;      /* of the text: it grows with each change */
    uint64_t extent_size; /* bytes */
    uint64_t written;     /* the text, seconds since 1970, 0: not known */
    struct lt_str why;    /* the command that wrote it, as the text tells */
    struct lt_list pvs;   /* of struct lt_lvm_pv * */
    struct lt_list lvs;   /* of struct lt_lvm_lv * */
};

/* Read a text. All of it lives in `arena`, and borrows `text`. LT_SKIP: it cannot be the metadata of a group. */
enum lt_status lt_lvm_group(struct lt_str text, struct lt_arena *arena, struct lt_lvm_group *out, struct lt_err *err);

/* The volume, or the physical volume, of that name; NULL: there is none. */
const struct lt_lvm_lv *lt_lvm_lv(const struct lt_lvm_group *group, struct lt_str name);
const struct lt_lvm_pv *lt_lvm_pv(const struct lt_lvm_group *group, struct lt_str name);

/* The segment that makes the volume the store of a snapshot of dm-snapshot; NULL: it is none. */
const struct lt_lvm_node *lt_lvm_snapshot(const struct lt_lvm_group *group, const struct lt_lvm_lv *lv);

#endif
