// SPDX-License-Identifier: Apache-2.0
/* Items of transactions of the log: what they describe, and how their data goes into the bytes that they change. Each
 * function sees nothing but the item and those bytes. What the kernel has in memory is written as it is, so integers
 * are those of its host: little-endian here; pieces of blocks are as on the disk, big-endian. Facts: linux
 * fs/xfs/libxfs/xfs_log_format.h, fs/xfs/xfs_buf_item_recover.c, xfs_inode_item_recover.c, xfs_icreate_item.c,
 * libxfs/xfs_bmap_btree.c (kernel 6.18).
 *
 * Places are sectors of 512 bytes, whatever the sectors of the disk. */
#ifndef LT_EVIDENCE_XFS_LOG_ITEMS_H
#define LT_EVIDENCE_XFS_LOG_ITEMS_H

#include "evidence/xfs/layout.h"
#include "evidence/xfs/log_join.h"

enum lt_xfs_item {
    LT_XFS_ITEM_EFI = 0x1236, /* the first kind; each intent is followed by what says that it was done */
    LT_XFS_ITEM_IUNLINK = 0x1238,
    LT_XFS_ITEM_INODE = 0x123B,
    LT_XFS_ITEM_BUFFER = 0x123C,
    LT_XFS_ITEM_DQUOT = 0x123D,
    LT_XFS_ITEM_QUOTAOFF = 0x123E,
    LT_XFS_ITEM_ICREATE = 0x123F,
    LT_XFS_ITEM_RUI = 0x1240,
    LT_XFS_ITEM_LAST = 0x124F, /* the last kind of kernel 6.18 */
};

/* A buffer: blocks of the disk as the kernel holds them, of which pieces of 128 bytes were changed. */
struct lt_xfs_log_buffer {
    uint64_t sector;
    uint32_t sectors;
    bool cancelled; /* freed: nothing that was logged of it before counts */
    bool inodes;    /* of what is logged, only the links of the lists of unlinked inodes count */
    bool quota;
    uint32_t words;       /* of the map */
    struct lt_cursor map; /* a bit for each piece */
};

/* LT_SKIP: it cannot be. */
enum lt_status lt_xfs_log_buffer(const struct lt_xfs_log_item *item, struct lt_xfs_log_buffer *out, struct lt_err *err);

/* A run of bytes that an item changed, in bytes of the buffer. */
struct lt_xfs_log_run {
    size_t from, size;
    struct lt_cursor data; /* at least `size` bytes */
};

/* The run with number `*at` (0: the first), which begins at or behind piece `*piece`; both are moved behind it. LT_END:
 * there are no more. LT_SKIP: data are missing, or there is no such piece in the buffer. */
enum lt_status lt_xfs_log_next_run(const struct lt_xfs_log_item *item, const struct lt_xfs_log_buffer *buffer,
                                   unsigned *at, unsigned *piece, struct lt_xfs_log_run *out, struct lt_err *err);

/* An inode, with what was changed of its forks. */
struct lt_xfs_log_inode {
    uint64_t ino;
    uint64_t sector;  /* of the buffer that it lies in */
    uint32_t sectors; /* of that */
    uint64_t place;   /* its own, in bytes */
    uint32_t fields;  /* what is logged; see log_items.c */
    uint32_t device;
    bool owner;                        /* the blocks of a fork's btree are to be made those of this inode */
    struct lt_cursor core, data, attr; /* `data` and `attr` are empty if they were not logged */
};

/* LT_SKIP: it cannot be. */
enum lt_status lt_xfs_log_inode(const struct lt_xfs_log_item *item, struct lt_xfs_log_inode *out, struct lt_err *err);

/* Is the inode on the disk, `bytes` of xfs->inode_size, newer than the item of a transaction with that LSN? */
bool lt_xfs_log_inode_is_old(const struct lt_xfs *xfs, const struct lt_xfs_log_inode *inode, uint64_t lsn,
                             struct lt_cursor bytes);

/* Make `bytes` the inode as it was logged, with its checksum. LT_SKIP: the item is damaged, or `bytes` are no inode;
 * they are as they were then. */
enum lt_status lt_xfs_log_put_inode(const struct lt_xfs *xfs, const struct lt_xfs_log_inode *inode, uint64_t lsn,
                                    unsigned char *bytes, struct lt_err *err);

/* Inodes that were allocated together, all of them empty. */
struct lt_xfs_log_icreate {
    uint64_t place; /* bytes */
    uint64_t ino;   /* of the first one */
    uint32_t count;
    uint32_t generation;
};

/* LT_SKIP: it cannot be in this file system. */
enum lt_status lt_xfs_log_icreate(const struct lt_xfs *xfs, const struct lt_xfs_log_item *item,
                                  struct lt_xfs_log_icreate *out, struct lt_err *err);

/* Make `bytes` of xfs->inode_size the inode with the number `index` of those. */
void lt_xfs_log_put_empty(const struct lt_xfs *xfs, const struct lt_xfs_log_icreate *create, uint32_t index,
                          unsigned char *bytes);

/* Take the link of the list of unlinked inodes over from a run of a buffer of inodes into one of its inodes, and make
 * its checksum anew. `from` is where the inode begins in the buffer. False: the run does not hold the link. */
bool lt_xfs_log_put_link(const struct lt_xfs *xfs, const struct lt_xfs_log_run *run, size_t from, unsigned char *bytes);

/* Work that a transaction leaves to later ones, and that recovery would do again. */
struct lt_xfs_log_intent {
    unsigned kind; /* the type of the intent */
    uint64_t id;
    bool done; /* this item says so */
};

/* False: the item is none of these. */
bool lt_xfs_log_intent(const struct lt_xfs_log_item *item, struct lt_xfs_log_intent *out);

#endif
