// SPDX-License-Identifier: Apache-2.0
/* The items of a tree, in the order of their keys. Private to evidence/btrfs/. */
#ifndef LT_EVIDENCE_BTRFS_TREE_H
#define LT_EVIDENCE_BTRFS_TREE_H

#include "evidence/btrfs/changes.h"
#include "evidence/btrfs/volume.h"

struct lt_btrfs_tree {
    uint64_t number;
    struct lt_btrfs_root root;              /* at 0: nothing but changes */
    const struct lt_btrfs_changes *changes; /* that a log makes to it; NULL: none. Borrowed */
};

/* Takes an item, whose data are borrowed until it returns. False: no more of them, please. It may read trees itself,
 * but must not change this one. */
typedef bool lt_btrfs_each_item(void *arg, const struct lt_btrfs_item *item);

/* Call `each` for the items with keys `from` to `to`, both included. What cannot be read is left out, and the rest is
 * read all the same: LT_SKIP then. Each node of the tree is read at most once, whatever a hostile tree says. */
enum lt_status lt_btrfs_items(struct lt_btrfs_volume *volume, const struct lt_btrfs_tree *tree,
                              struct lt_btrfs_key from, struct lt_btrfs_key to, lt_btrfs_each_item *each, void *arg,
                              struct lt_err *err);

/* The same for all items of one object that have that type. */
enum lt_status lt_btrfs_items_of(struct lt_btrfs_volume *volume, const struct lt_btrfs_tree *tree, uint64_t objectid,
                                 enum lt_btrfs_type type, lt_btrfs_each_item *each, void *arg, struct lt_err *err);

#endif
