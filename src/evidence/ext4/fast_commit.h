// SPDX-License-Identifier: Apache-2.0
/* What fast commits change, kept beside the disk as it is with the journal's blocks in place: inodes, where their
 * blocks are, and names. Private to evidence/ext4*.c. */
#ifndef LT_EVIDENCE_EXT4_FAST_H
#define LT_EVIDENCE_EXT4_FAST_H

#include "base/arena.h"
#include "base/map.h"
#include "evidence/ext4/layout.h"

struct lt_ext4_volume;

/* Blocks of a file that are no longer where the inode says. */
struct lt_fast_range {
    uint64_t first, end, block; /* of the file, from and to; where the first one is */
    bool zeros;                 /* a hole, or not written yet */
};

struct lt_fast_inode {
    uint32_t ino;
    unsigned char *bytes;         /* all of it, with a right checksum */
    bool used;                    /* whatever the bitmap says */
    bool gone;                    /* its last name was removed */
    bool fresh;                   /* a directory that has no block yet: its names are in the fast commits */
    struct lt_fast_range *ranges; /* owned; in their order, disjoint */
    size_t count, cap;
};

/* A name that was made or removed. */
struct lt_fast_name {
    struct lt_str name;
    uint32_t ino;     /* of the new one, 0: none */
    uint32_t removed; /* of the one on the disk, 0: none */
    bool seen;        /* for whoever goes through the names on the disk */
};

struct lt_fast_dir {
    struct lt_map by_name;
    struct lt_list names; /* of struct lt_fast_name *, in the order in which they came up */
};

struct lt_ext4_fast {
    struct lt_arena arena;
    struct lt_map inodes, dirs; /* by number: struct lt_fast_inode *, struct lt_fast_dir * */
    struct lt_list changed;     /* of struct lt_fast_inode * */
    uint64_t commits;
};

/* Reads block `index` of the area into a buffer of one block; false if there is none. */
typedef bool lt_fast_read(void *arg, uint32_t index, unsigned char *block);

/* Apply the fast commits that belong to the transaction `sequence` to the volume, as a kernel does when it mounts it
 * (but for the times of directories, which it sets to its own), and count them. LT_SKIP: not all of them could be
 * applied. What was applied is freed with lt_fast_free(). */
enum lt_status lt_fast_replay(struct lt_ext4_volume *volume, lt_fast_read *read, void *arg, uint32_t sequence,
                              uint64_t *commits, struct lt_err *err);

/* The changes to an inode or to the names of a directory; NULL: none. */
struct lt_fast_inode *lt_fast_inode(const struct lt_ext4_fast *fast, uint32_t ino);
struct lt_fast_dir *lt_fast_dir(const struct lt_ext4_fast *fast, uint32_t ino);

/* The range that block `logical` is in; NULL: none, and then `*limit` is the first block behind it that is in one. */
const struct lt_fast_range *lt_fast_range(const struct lt_fast_inode *inode, uint64_t logical, uint64_t *limit);

void lt_fast_free(struct lt_ext4_fast *fast);

#endif
