// SPDX-License-Identifier: Apache-2.0
/* Fast commits: the area behind the ring of the journal, in which ext4 notes small changes as tags instead of blocks
 * (feature fast_commit). Each function decodes one block and touches nothing else. Facts: linux fs/ext4/fast_commit.h,
 * fast_commit.c (kernel 6.18), all integers little-endian. */
#ifndef LT_EVIDENCE_EXT4_FAST_TAGS_H
#define LT_EVIDENCE_EXT4_FAST_TAGS_H

#include "evidence/ext4/layout.h"

enum lt_fast_type {
    LT_FAST_ADD_RANGE = 1, /* blocks of a file */
    LT_FAST_DEL_RANGE,     /* blocks taken from a file: a hole, or what was behind its end */
    LT_FAST_CREATE,        /* a name of a new inode */
    LT_FAST_LINK,
    LT_FAST_UNLINK,
    LT_FAST_INODE, /* an inode, except where its blocks are */
    LT_FAST_PAD,
    LT_FAST_TAIL, /* ends a commit */
    LT_FAST_HEAD, /* begins the area */
};

/* One tag. Only the fields of its type are set. Name and inode are borrowed from the block. */
struct lt_fast_tag {
    enum lt_fast_type type;
    struct lt_cursor summed; /* the bytes that the checksum of a commit covers */
    uint32_t ino, parent;
    struct lt_str name;
    uint32_t logical, count; /* blocks of the file */
    uint64_t block;          /* where they are on the disk */
    bool unwritten;
    struct lt_cursor inode; /* the first bytes of it, at least 128 */
    uint32_t sequence;      /* of the transaction that it follows */
    uint32_t checksum, features;
};

/* The tag at `*at` in a block; `*at` is moved behind it. LT_END: there are no more in this block. LT_SKIP: what is
 * there is no tag. */
enum lt_status lt_fast_next(struct lt_cursor block, size_t *at, struct lt_fast_tag *out);

#endif
