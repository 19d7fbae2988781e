// SPDX-License-Identifier: Apache-2.0
/* What fast commits change, kept beside the blocks of the disk: inodes, where their blocks are, and names. The replay
 * (fast_commit.c) writes it, and the volume and the directories above it look things up in it. */
#ifndef LT_EVIDENCE_EXT4_FAST_CHANGES_H
#define LT_EVIDENCE_EXT4_FAST_CHANGES_H

#include "base/list.h"
#include "base/map.h"

/* Blocks of a file that are no longer where the inode says. */
struct lt_fast_range {
    uint64_t first, end; /* blocks of the file, from and up to */
    uint64_t block;      /* of the disk: where the first one is */
    bool zeros;          /* a hole, or not written yet */
};

struct lt_fast_inode {
    uint32_t ino;
    unsigned char *bytes;         /* all of it, with a right checksum; in the arena */
    bool used;                    /* in use, whatever the bitmap says */
    bool gone;                    /* its last name was removed */
    bool fresh;                   /* a directory that has no block yet: its names are in the fast commits */
    struct lt_fast_range *ranges; /* owned; in order, and none overlaps another */
    size_t count, cap;
};

/* A name that was made or removed. */
struct lt_fast_name {
    struct lt_str name;
    uint32_t ino;     /* of the new one, 0: none */
    uint32_t removed; /* of the one on the disk, 0: none */
    bool seen;        /* for those who go through the names on the disk */
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

/* An empty set of changes. The caller ends it with lt_fast_free(). */
struct lt_ext4_fast *lt_fast_new(void);
void lt_fast_free(struct lt_ext4_fast *fast);

/* The changes to an inode, or to the names of a directory; NULL: none. `fast` may be NULL. */
struct lt_fast_inode *lt_fast_inode(const struct lt_ext4_fast *fast, uint32_t ino);
struct lt_fast_dir *lt_fast_dir(const struct lt_ext4_fast *fast, uint32_t ino);

/* The range that holds block `logical`. NULL: none; then `*limit` is the first block behind it that is in a range. */
const struct lt_fast_range *lt_fast_range(const struct lt_fast_inode *inode, uint64_t logical, uint64_t *limit);

/* Begin to change an inode that has no changes yet. `bytes` are those on the disk, `size` of them, and are copied. */
struct lt_fast_inode *lt_fast_add_inode(struct lt_ext4_fast *fast, uint32_t ino, const unsigned char *bytes,
                                        size_t size);

/* The entry for a name of the directory `ino`; it is made if there is none. `name` is copied. */
struct lt_fast_name *lt_fast_add_name(struct lt_ext4_fast *fast, uint32_t ino, struct lt_str name);

/* Put a range in place of what was there: of all that it covers, and of the parts of its neighbours. False: the file
 * has too many ranges, and nothing was changed. */
bool lt_fast_set_range(struct lt_fast_inode *inode, const struct lt_fast_range *range);

#endif
