// SPDX-License-Identifier: Apache-2.0
/* What the parts of the btrfs reader share: its state, and inodes as nodes. Private to evidence/btrfs/.
 *
 * A node shows the inode number that stat() shows, which is one of its subvolume: the root of each has 256. node->part
 * is the number of the subvolume among those of the file system. Functions take a struct lt_btrfs_place, which has
 * both. */
#ifndef LT_EVIDENCE_BTRFS_READER_H
#define LT_EVIDENCE_BTRFS_READER_H

#include "evidence/btrfs/content.h"
#include "evidence/btrfs/subvolumes.h"
#include "evidence/fs.h"
#include "evidence/path_index.h"

/* Inode of a directory that stands where a subvolume was when another was made a snapshot (linux
 * include/uapi/linux/btrfs_tree.h, BTRFS_EMPTY_SUBVOL_DIR_OBJECTID). */
enum { LT_BTRFS_EMPTY_DIR = 2 };

struct lt_btrfs_reader {
    struct lt_btrfs_volume volume;
    struct lt_btrfs_tree roots;
    struct lt_btrfs_subvolumes subvolumes;
    struct lt_path_index index; /* its inodes are lt_btrfs_handle()s */
    struct lt_list changes;     /* of struct lt_btrfs_changes *: what logs change */
};

static inline struct lt_btrfs_reader *lt_btrfs_reader(const struct lt_fs *fs)
{
    return fs->self;
}

/* An inode. */
struct lt_btrfs_place {
    const struct lt_btrfs_subvolume *subvolume;
    uint64_t ino;
};

/* One number for a place. Inodes beyond 2^48 have none: the kernel counts up from 257, and never gets there. */
enum { LT_BTRFS_INODE_BITS = 48 };
uint64_t lt_btrfs_handle(const struct lt_btrfs_reader *reader, struct lt_btrfs_place place);
struct lt_btrfs_place lt_btrfs_place(const struct lt_btrfs_reader *reader, uint64_t handle);

/* The number of a subvolume among those of the file system; see lt_node.part. */
uint16_t lt_btrfs_part(const struct lt_btrfs_reader *reader, const struct lt_btrfs_subvolume *subvolume);

/* A directory, and the entry `node` of it, which may be that directory itself with the name "". */
struct lt_btrfs_place lt_btrfs_dir(const struct lt_btrfs_reader *reader, const struct lt_dir *dir);
struct lt_btrfs_place lt_btrfs_entry(const struct lt_btrfs_reader *reader, const struct lt_dir *dir,
                                     const struct lt_node *node);

/* Takes a name of a directory, which is borrowed, and what it leads to: S_IFMT bits, 0 if the directory does not say.
 */
typedef void lt_btrfs_each_name(void *arg, struct lt_str name, struct lt_btrfs_place place, unsigned type);

/* Call `each` for every name in a directory. LT_SKIP: names may be missing. */
enum lt_status lt_btrfs_names(struct lt_btrfs_reader *reader, struct lt_btrfs_place dir, lt_btrfs_each_name *each,
                              void *arg, struct lt_err *err);

/* Fill in a node whose name is known. `type`: S_IFMT bits that its directory says, or 0. `owner`: the directory, whose
 * owner an empty one takes over. On LT_SKIP the node may still be filled; then its mode is not 0. */
enum lt_status lt_btrfs_describe(struct lt_btrfs_reader *reader, struct lt_btrfs_place place, uint64_t owner,
                                 unsigned type, struct lt_arena *arena, struct lt_node *node, struct lt_err *err);

/* All attributes of an inode, as lt_fs_ops.xattrs. */
enum lt_status lt_btrfs_xattrs(struct lt_btrfs_reader *reader, struct lt_btrfs_place place, struct lt_arena *arena,
                               struct lt_list *out, struct lt_err *err);

#endif
