// SPDX-License-Identifier: Apache-2.0
/* Devices of the logical volumes of a group. */
#ifndef LT_EVIDENCE_VOLUMES_LVM_MAKE_H
#define LT_EVIDENCE_VOLUMES_LVM_MAKE_H

#include "evidence/device.h"
#include "evidence/volumes/lvm_group.h"

enum { LT_LVM_STACKED = 8 }; /* volumes that a volume is made of, above each other */

enum lt_lvm_state { LT_LVM_UNTRIED, LT_LVM_TRYING, LT_LVM_MADE, LT_LVM_FAILED };

/* A volume that was made, or could not be. */
struct lt_lvm_made {
    enum lt_lvm_state state;
    struct lt_device device;
    struct lt_err problem;
};

struct lt_lvm_maker {
    const struct lt_lvm_group *group;
    const struct lt_device *const *pvs; /* one for each of group->pvs; NULL: it is missing */
    struct lt_lvm_made *made;           /* one for each of group->lvs, at first zeros */
    struct lt_arena *arena;
    unsigned depth;
};

/* Make the device of a volume, once. It borrows those of the physical volumes. LT_SKIP: `err` says why it cannot be
 * made, and names the physical volume that is missing. */
enum lt_status lt_lvm_make(struct lt_lvm_maker *maker, const struct lt_lvm_lv *lv, struct lt_device *out,
                           struct lt_err *err);

/* The same for a volume as its users see it: the store of a snapshot is the snapshot. */
enum lt_status lt_lvm_make_shown(struct lt_lvm_maker *maker, const struct lt_lvm_lv *lv, struct lt_device *out,
                                 struct lt_err *err);

#endif
