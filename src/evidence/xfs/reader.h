// SPDX-License-Identifier: Apache-2.0
/* What the parts of the XFS reader share: its state, and inodes as nodes. Private to evidence/xfs/. */
#ifndef LT_EVIDENCE_XFS_READER_H
#define LT_EVIDENCE_XFS_READER_H

#include "evidence/fs.h"
#include "evidence/path_index.h"
#include "evidence/xfs/chunks.h"
#include "evidence/xfs/volume.h"

/* Inodes that were deleted while open, and so are still there. Filled by unlinked.c. */
struct lt_xfs_unlinked {
    uint64_t *items; /* owned; sorted */
    size_t count, cap;
};

struct lt_xfs_reader {
    struct lt_device replayed; /* owned: the device with the log's changes; without `read` if there are none */
    struct lt_xfs_volume volume;
    struct lt_xfs_chunks chunks;
    struct lt_path_index index;
    struct lt_arena *arena;   /* of the evidence */
    unsigned char *dir_block; /* owned; the block of a directory that is read */
    uint64_t listed;          /* bytes of directories read so far */
    struct lt_err problem;    /* of the current entry: to clear a new one for each would cost more than to read it */
    struct lt_xfs_unlinked unlinked;
    struct lt_map named;  /* inodes that are deleted, and that a deleted name led to */
    struct lt_map flawed; /* inodes whose damage is a flaw of the evidence */
};

static inline struct lt_xfs_reader *lt_xfs_reader(const struct lt_fs *fs)
{
    return fs->self;
}

/* Put the inode into a set (one of the two maps above). Was it not in it before? */
bool lt_xfs_mark(struct lt_xfs_reader *reader, struct lt_map *set, uint64_t ino);
bool lt_xfs_marked(const struct lt_map *set, uint64_t ino);

/* An inode that is in use, with forks of its own. LT_SKIP: it cannot be read, or its place holds none that is. */
enum lt_status lt_xfs_read_inode(struct lt_xfs_reader *reader, uint64_t ino, struct lt_xfs_held *out,
                                 struct lt_err *err);

/* Fill in a node whose inode is known. On LT_SKIP the node may still be filled; then its mode is not 0. That happens
 * with a wrong checksum, an impossible time, or a link without its target. */
enum lt_status lt_xfs_describe(struct lt_xfs_reader *reader, struct lt_arena *arena, struct lt_node *node,
                               struct lt_err *err);

/* The same for an entry that its directory calls a thing of `type` (S_IFMT bits; 0: it does not say). An inode of
 * another type and with a wrong checksum is none: its mode is 0. One with a right checksum is believed, and damaged. */
enum lt_status lt_xfs_describe_as(struct lt_xfs_reader *reader, struct lt_arena *arena, unsigned type,
                                  struct lt_node *node, struct lt_err *err);

/* Fill in a node from what is left of a freed inode: owner and times. What it was is not, so `type` is what its
 * directory called it, or 0. False: the inode is not free, was never used, or does not hold together. The kernel frees
 * an inode at the change that took its last name, so that its ctime is when it was deleted, and then takes its mode
 * away (linux fs/xfs/xfs_inode.c, xfs_remove(), xfs_ifree(); 6.18). */
bool lt_xfs_describe_freed(struct lt_xfs_reader *reader, unsigned type, struct lt_node *node);

/* Is the inode one of reader->unlinked? */
bool lt_xfs_is_unlinked(const struct lt_xfs_reader *reader, uint64_t ino);

#endif
