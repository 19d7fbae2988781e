// SPDX-License-Identifier: Apache-2.0
/* Subvolumes and snapshots: trees of files with inode numbers of their own, each at its path below the top of the file
 * system, as a kernel shows them that mounts it with subvolid=5. Private to evidence/btrfs/. */
#ifndef LT_EVIDENCE_BTRFS_SUBVOLUMES_H
#define LT_EVIDENCE_BTRFS_SUBVOLUMES_H

#include "base/map.h"
#include "evidence/btrfs/tree.h"

enum {
    LT_BTRFS_MAX_SUBVOLUMES = UINT16_MAX,
    LT_BTRFS_MAX_NESTING = 64, /* subvolumes in each other */
    LT_BTRFS_MAX_NAME = 255,
};

struct lt_btrfs_subvolume {
    struct lt_btrfs_tree tree;
    uint64_t parent, directory; /* the tree and the inode of the directory that its name is in */
    struct lt_str name, path;   /* path: with `placed` */
    bool deleted;               /* it is being removed */
    bool named;                 /* a directory holds it: `parent`, `directory` and `name` are set */
    bool placed;
};

struct lt_btrfs_subvolumes {
    struct lt_btrfs_subvolume *items; /* owned; in the order of their numbers. The first is the top. */
    size_t count, cap;
    struct lt_map by_path; /* path -> struct lt_btrfs_subvolume *: those that are placed */
    uint64_t by_default;   /* number of the one that is mounted unless an option says otherwise; 0: unknown */
};

/* Learn them from the root tree. LT_SKIP: some may be missing; without items the file system cannot be read at all.
 * Names live in `arena`. */
enum lt_status lt_btrfs_subvolumes_read(struct lt_btrfs_subvolumes *subvolumes, struct lt_btrfs_volume *volume,
                                        const struct lt_btrfs_tree *roots, struct lt_arena *arena, struct lt_err *err);

/* Find their paths. Call it once the changes of logs are in place. */
void lt_btrfs_subvolumes_place(struct lt_btrfs_subvolumes *subvolumes, struct lt_btrfs_volume *volume,
                               struct lt_arena *arena);

/* The one with that number; NULL: there is none. */
struct lt_btrfs_subvolume *lt_btrfs_subvolume(const struct lt_btrfs_subvolumes *subvolumes, uint64_t number);

/* The one that holds what is at `path`; a path of a subvolume itself is in it. */
struct lt_btrfs_subvolume *lt_btrfs_subvolume_at(const struct lt_btrfs_subvolumes *subvolumes, struct lt_str path);

/* The one that an entry of the directory `ino` in `above` leads to, as the kernel decides (fs/btrfs/inode.c,
 * fixup_tree_root_location(), 6.18). NULL: none; the entry is a directory without anything in it then, as in a snapshot
 * of a subvolume that holds others. */
struct lt_btrfs_subvolume *lt_btrfs_subvolume_of(const struct lt_btrfs_subvolumes *subvolumes,
                                                 const struct lt_btrfs_subvolume *above, uint64_t ino,
                                                 const struct lt_btrfs_entry *entry);

void lt_btrfs_subvolumes_free(struct lt_btrfs_subvolumes *subvolumes);

#endif
