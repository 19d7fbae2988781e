// SPDX-License-Identifier: Apache-2.0
/* Volumes that are made of parts of disks. A kind of volumes knows its parts, and makes devices of those that belong
 * together. The map of this folder:
 *
 *   volumes.def    a line for each kind; kinds.c is the table
 *   joined.c       a device that is put together of pieces of others
 *   lvm.c          LVM2: physical volumes to logical ones
 *     lvm_disk.c     what describes a physical volume, and where the metadata are
 *     lvm_text.c     the metadata as a tree
 *     lvm_group.c    the tree as a group with its volumes
 *     lvm_history.c  what older metadata tell
 *     lvm_make.c     devices of the volumes
 *   thin.c         the device of a thin volume
 *     thin_tree.c    the metadata of its pool
 *   snapshot.c     the device of a snapshot
 *   md.c           arrays of Linux md
 *     md_super.c     the superblocks of their disks
 *
 * A kind of volumes is a file here and a line in volumes.def. Decoders (lvm_disk.c, lvm_text.c, lvm_group.c,
 * thin_tree.c, md_super.c) open nothing and report nothing. */
#ifndef LT_EVIDENCE_VOLUMES_VOLUMES_H
#define LT_EVIDENCE_VOLUMES_VOLUMES_H

#include "evidence/disks/area.h"

/* A part of a group: a physical volume, a disk of an array. */
struct lt_member {
    const struct lt_volume_kind *kind;
    struct lt_area *area; /* where it lies */
    struct lt_str group;  /* what tells its group from others: a UUID. "": other parts name it */
    struct lt_str id;     /* what tells it from the other parts */
    bool used;            /* by join.c: volumes were made of its group */
    bool taken;           /* by the kind: a part that names no group is one of this group */
    void *self;           /* what the kind knows of it */
};

/* What the kind makes of the parts of a group. */
struct lt_joining {
    struct lt_list members; /* of struct lt_member *: all of one group, no two with the same id; and those without */
    bool last;              /* no more parts will come: make what can be made */
    struct lt_area *area;   /* out: of the group, with its volumes below; NULL: none was made */
    struct lt_list volumes; /* of struct lt_area *, out: those below it that are to be searched */
};

struct lt_volume_kind {
    const char *name;
    /* Is a part of such a group on the area? Fills in what the area holds, and `out` but for `kind` and `area`. LT_END:
     * no. LT_SKIP: yes, but it cannot be used; `err` says why. */
    enum lt_status (*look)(struct lt_area *area, struct lt_member *out, struct lt_err *err);
    /* Make an area of each volume, below an area of the first part. What cannot be made gets a `problem`. LT_END: more
     * parts are needed, and none is made; not if `last`. */
    enum lt_status (*join)(struct lt_joining *joining);
};

/* NULL-terminated table made from volumes.def. */
extern const struct lt_volume_kind *const lt_volume_kinds[];

#endif
