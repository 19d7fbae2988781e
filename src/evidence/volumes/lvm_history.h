// SPDX-License-Identifier: Apache-2.0
/* What happened to the volumes of a group, by the older texts that the ring of a metadata area still has. LVM2 writes a
 * new text behind the last one with each change, so the ring holds the last tens of them. */
#ifndef LT_EVIDENCE_VOLUMES_LVM_HISTORY_H
#define LT_EVIDENCE_VOLUMES_LVM_HISTORY_H

#include "evidence/disks/area.h"
#include "evidence/volumes/lvm_group.h"

/* Find the texts about the group with that UUID in `ring`, which is the metadata area behind its header: add them to
 * `texts` (struct lt_lvm_group *) in the order of their numbers, each number once. Those that are partly overwritten
 * are left out. They live in `arena`, and borrow `ring`. */
void lt_lvm_texts(struct lt_str ring, struct lt_str uuid, struct lt_arena *arena, struct lt_list *texts);

/* What the texts tell: volumes made, removed, renamed and resized, as struct lt_volume_change *, in their order. */
void lt_lvm_changes(const struct lt_list *texts, struct lt_arena *arena, struct lt_list *changes);

#endif
