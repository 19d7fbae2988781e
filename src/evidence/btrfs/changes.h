// SPDX-License-Identifier: Apache-2.0
/* What the log of a tree changes in it: items that are new or other, and items that are there no more. They lie in
 * memory; nothing is written to the evidence. Private to evidence/btrfs/. */
#ifndef LT_EVIDENCE_BTRFS_CHANGES_H
#define LT_EVIDENCE_BTRFS_CHANGES_H

#include "evidence/btrfs/layout.h"

enum { LT_BTRFS_MAX_CHANGES = 1 << 17 }; /* a log holds what was written since the last commit, mostly seconds */

struct lt_btrfs_change {
    struct lt_btrfs_item item;
    bool removed; /* with all that the tree has under this key */
};

struct lt_btrfs_changes {
    struct lt_arena *arena;        /* of the data */
    struct lt_btrfs_change *items; /* owned; in the order of their keys */
    size_t count, cap;
};

/* The place of the first change whose key is not below `key`. */
size_t lt_btrfs_change_at(const struct lt_btrfs_changes *changes, struct lt_btrfs_key key);

/* Set the item with that key, or remove it. Data are copied. False: there are too many. */
bool lt_btrfs_set_item(struct lt_btrfs_changes *changes, struct lt_btrfs_key key, struct lt_str data);
bool lt_btrfs_remove_item(struct lt_btrfs_changes *changes, struct lt_btrfs_key key);

void lt_btrfs_changes_free(struct lt_btrfs_changes *changes);

#endif
