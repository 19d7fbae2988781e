// SPDX-License-Identifier: Apache-2.0
/* What the replay of a log needs: the tree with what was changed so far, and the changes themselves. Private to
 * evidence/btrfs/. Facts: linux fs/btrfs/tree-log.c (6.18, and 5.2 for logs that hold both kinds of directory items).
 */
#ifndef LT_EVIDENCE_BTRFS_REPLAY_H
#define LT_EVIDENCE_BTRFS_REPLAY_H

#include "evidence/btrfs/subvolumes.h"

struct lt_btrfs_replay {
    struct lt_btrfs_volume *volume;
    struct lt_btrfs_tree tree, log; /* the tree of files, with `changes`; and its log */
    struct lt_btrfs_changes *changes;
    struct lt_arena scratch; /* what is at hand of one item of the log */
    struct lt_err *err;
    uint64_t *doubtful; /* owned; inodes whose names are to be counted */
    size_t doubtful_count, doubtful_cap;
    uint64_t work; /* items that were looked at */
    bool failed;   /* the tree or the log cannot be read, or is too large */
};

/* Copies of items, in the order of their keys. */
struct lt_btrfs_found {
    struct lt_btrfs_item *items;
    size_t count, cap;
};

/* Copy the items of `tree` with keys from..to into replay->scratch. */
struct lt_btrfs_found lt_btrfs_find(struct lt_btrfs_replay *replay, const struct lt_btrfs_tree *tree,
                                    struct lt_btrfs_key from, struct lt_btrfs_key to);

/* The same for one key. False: there is no such item. */
bool lt_btrfs_find_one(struct lt_btrfs_replay *replay, const struct lt_btrfs_tree *tree, struct lt_btrfs_key key,
                       struct lt_btrfs_item *out);

/* Set or remove an item of the tree. */
void lt_btrfs_put(struct lt_btrfs_replay *replay, struct lt_btrfs_key key, struct lt_str data);
void lt_btrfs_drop(struct lt_btrfs_replay *replay, struct lt_btrfs_key key);

/* Count the names of the inode when all is done. */
void lt_btrfs_doubt(struct lt_btrfs_replay *replay, uint64_t ino);

/* Is there such an inode in the tree? */
bool lt_btrfs_has_inode(struct lt_btrfs_replay *replay, uint64_t ino);

/* --- names (replay_names.c) -------------------------------------------------------------------------------------- */

/* Remove the names of a directory that its log does not have, though it tells of all in their range. */
void lt_btrfs_replay_deletes(struct lt_btrfs_replay *replay, uint64_t dir);

/* Remove all names of a directory. */
void lt_btrfs_empty_dir(struct lt_btrfs_replay *replay, uint64_t dir);

/* Take over an entry of a directory, unless a reference of the inode in the log does that later. */
void lt_btrfs_replay_entry(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item);

/* Take over the names that an inode has in a directory, and remove those that it had. */
void lt_btrfs_replay_refs(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item);

/* How many names an inode has. */
uint32_t lt_btrfs_count_names(struct lt_btrfs_replay *replay, uint64_t ino);

/* --- extents (replay_extents.c) ---------------------------------------------------------------------------------- */

/* Remove what a file has from byte `from` up to `end`. */
void lt_btrfs_cut_file(struct lt_btrfs_replay *replay, uint64_t ino, uint64_t from, uint64_t end);

/* Take over an extent in place of what was there. */
void lt_btrfs_replay_extent(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item);

#endif
