// SPDX-License-Identifier: Apache-2.0
/* On-disk structures of XFS: superblock, head of an allocation group's inodes, inode, heads of btree blocks. Each
 * function decodes the bytes that it is given and touches nothing else. Facts: linux fs/xfs/libxfs/xfs_format.h,
 * xfs_sb.c, xfs_inode_buf.c (kernel 6.18). All integers are big-endian, but checksums are little-endian.
 *
 * An allocation group (AG) is a piece of the disk with structures of its own. A block's number has the AG in its upper
 * bits and the block in the AG below them; so has an inode's. The bits below the AG have room for more blocks than an
 * AG has, so such numbers do not follow one another without gaps. */
#ifndef LT_EVIDENCE_XFS_LAYOUT_H
#define LT_EVIDENCE_XFS_LAYOUT_H

#include "base/cursor.h"
#include "model/event.h"

enum {
    LT_XFS_MIN_SECTOR = 512,
    LT_XFS_MAX_SECTOR = 32 * 1024,
    LT_XFS_MAX_BLOCK = 64 * 1024, /* bytes; also of a block of a directory, which may be several blocks of the disk */
    LT_XFS_MAX_INODE = 2048,      /* bytes */
    LT_XFS_UUID = 16,
    LT_XFS_UNLINKED = 64,        /* lists of unlinked inodes of an AG */
    LT_XFS_CHUNK = 64,           /* inodes of a record of the inode btree */
    LT_XFS_MAX_BTREE_LEVELS = 9, /* xfs_format.h, XFS_BTREE_MAXLEVELS */
};

#define LT_XFS_NO_INODE UINT32_MAX /* the end of a list of unlinked inodes; xfs_format.h, NULLAGINO */

/* sb_features_incompat. What has none of the known ones changes what a reader sees. */
enum {
    LT_XFS_INCOMPAT_FTYPE = 0x1,
    LT_XFS_INCOMPAT_SPINODES = 0x2,
    LT_XFS_INCOMPAT_META_UUID = 0x4,
    LT_XFS_INCOMPAT_BIGTIME = 0x8,
    LT_XFS_INCOMPAT_NEEDSREPAIR = 0x10,
    LT_XFS_INCOMPAT_NREXT64 = 0x20,
    LT_XFS_INCOMPAT_EXCHRANGE = 0x40, /* new items of the log; files look the same */
    LT_XFS_INCOMPAT_PARENT = 0x80,    /* attributes of their own, which nobody is shown */
    LT_XFS_INCOMPAT_KNOWN = 0xFF,
};

/* The superblock. */
struct lt_xfs {
    bool v5;                                                      /* with checksums; else version 4 */
    uint32_t block_size, sector_size, inode_size, dir_block_size; /* bytes */
    uint8_t block_log, inode_log;                                 /* the sizes as powers of two */
    uint8_t inopb_log;                                            /* inodes of a block, as a power of two */
    uint8_t ag_log;               /* bits of the number of a block in its AG: 2 to that power is at least ag_blocks */
    uint32_t ag_blocks, ag_count; /* the last AG may be shorter */
    uint64_t blocks;
    uint64_t root;                 /* inode of the root directory */
    uint64_t log_start;            /* block (with its AG) where the log begins; 0: it is on another device */
    uint32_t log_blocks;           /* blocks of the log */
    uint32_t log_sector, log_unit; /* bytes: sectors of the log; stripe unit of its records, 0 or 1: none */
    bool log_v2;                   /* records of the log may be larger than 32 KiB */
    uint64_t inodes, free_inodes;  /* as the kernel last wrote it; the disk may lie */
    uint64_t own_inodes[5]; /* that belong to the file system itself: realtime bitmap and summary, quotas; 0: none */
    uint32_t versionnum, features2; /* sb_versionnum with its feature bits, sb_features2 */
    uint32_t compat, ro_compat, incompat, log_incompat;
    bool ftype;                           /* entries of directories say what is under them */
    bool damaged;                         /* wrong checksum (version 5) */
    bool unfinished;                      /* mkfs did not finish */
    uint64_t lsn;                         /* of the last write of this superblock (version 5) */
    unsigned char uuid[LT_XFS_UUID];      /* as users know it */
    unsigned char meta_uuid[LT_XFS_UUID]; /* as blocks of metadata have it */
    char label[12];
};

/* Decode the superblock. It has one sector; with less than that its checksum is not checked. LT_END: it is none.
 * LT_SKIP: its values cannot be, or it is of a version before 4. */
enum lt_status lt_xfs_super(struct lt_cursor bytes, struct lt_xfs *out, struct lt_err *err);

/* Is the checksum of a structure of version 5 wrong? All have the same kind: a CRC-32C of the whole, in which the four
 * bytes of the sum itself, at `at`, count as zeros (xfs_cksum.h). */
bool lt_xfs_sum_wrong(struct lt_cursor bytes, size_t at);

/* Where a block lies in bytes. `block` has its AG in the upper bits. False: it is outside of the file system. */
bool lt_xfs_block_place(const struct lt_xfs *xfs, uint64_t block, uint64_t *place);

/* The number of block `in_ag` of an AG, and where an AG begins, in bytes. */
static inline uint64_t lt_xfs_block(const struct lt_xfs *xfs, uint32_t ag, uint32_t in_ag)
{
    return (uint64_t)ag << xfs->ag_log | in_ag;
}

static inline uint64_t lt_xfs_ag_place(const struct lt_xfs *xfs, uint32_t ag)
{
    return (uint64_t)ag * xfs->ag_blocks << xfs->block_log;
}

/* Blocks of an AG; the last one may be shorter. */
uint32_t lt_xfs_ag_blocks(const struct lt_xfs *xfs, uint32_t ag);

/* The same for inodes: the AG of one, its number there, and back. */
static inline uint64_t lt_xfs_ino_ag(const struct lt_xfs *xfs, uint64_t ino)
{
    return ino >> (xfs->ag_log + xfs->inopb_log);
}

static inline uint32_t lt_xfs_ino_in_ag(const struct lt_xfs *xfs, uint64_t ino)
{
    return (uint32_t)(ino & ((UINT64_C(1) << (xfs->ag_log + xfs->inopb_log)) - 1));
}

static inline uint64_t lt_xfs_ino(const struct lt_xfs *xfs, uint32_t ag, uint32_t in_ag)
{
    return (uint64_t)ag << (xfs->ag_log + xfs->inopb_log) | in_ag;
}

/* Where an inode lies, in bytes. False: outside of the file system. */
bool lt_xfs_ino_place(const struct lt_xfs *xfs, uint64_t ino, uint64_t *place);

/* The head of the inodes of an AG (AGI): its third sector. */
struct lt_xfs_agi {
    uint32_t ag, blocks;                /* its own number, and the blocks of the AG, as it says */
    uint32_t inodes, free;              /* allocated ones, and those of them that are free */
    uint32_t root, level;               /* of the inode btree: a block in the AG, and levels including the leaves */
    uint32_t unlinked[LT_XFS_UNLINKED]; /* heads of lists: numbers in the AG */
    bool damaged;                       /* wrong checksum */
};

/* LT_SKIP: it is none. */
enum lt_status lt_xfs_agi(const struct lt_xfs *xfs, struct lt_cursor sector, struct lt_xfs_agi *out,
                          struct lt_err *err);

/* The head of a block of a btree. */
enum lt_xfs_btree {
    LT_XFS_INOBT, /* inodes: numbers of blocks have 32 bits, and are in the AG */
    LT_XFS_BMBT,  /* extents of a fork: 64 bits */
};

struct lt_xfs_btree_block {
    unsigned level, count;  /* 0: a leaf; records, or keys and pointers */
    uint64_t right;         /* the block to the right, all bits set: none */
    uint64_t owner;         /* the AG or inode (version 5) */
    size_t head;            /* bytes before the records or keys */
    struct lt_cursor bytes; /* the whole block, borrowed */
    bool damaged;           /* wrong checksum */
};

/* LT_SKIP: it is none of this kind. */
enum lt_status lt_xfs_btree_block(const struct lt_xfs *xfs, enum lt_xfs_btree kind, struct lt_cursor bytes,
                                  struct lt_xfs_btree_block *out, struct lt_err *err);

/* How the contents of a fork of an inode are kept: di_format, di_aformat. */
enum lt_xfs_format { LT_XFS_DEV, LT_XFS_LOCAL, LT_XFS_EXTENTS, LT_XFS_BTREE };

enum { LT_XFS_REALTIME_FL = 0x1 }; /* di_flags: its data lies on the realtime device */

/* One of the two forks: the data, and the attributes. */
struct lt_xfs_fork {
    enum lt_xfs_format format;
    uint64_t extents;       /* how many there are */
    struct lt_cursor bytes; /* in the inode, borrowed */
};

/* An inode, in use or freed. */
struct lt_xfs_inode {
    uint64_t ino, size, blocks;
    uint32_t mode, uid, gid, nlink;
    uint32_t generation;
    uint32_t next_unlinked; /* in the AG; LT_XFS_NO_INODE: the last one */
    uint16_t flags;
    uint64_t flags2;
    unsigned version;              /* 1 to 3 */
    struct lt_time time[LT_SLOTS]; /* the birth is not set before version 3 */
    bool bad_time;                 /* one of them cannot be; it is not set */
    bool damaged;                  /* wrong checksum */
    bool misplaced; /* it says to be another inode: its place is not where it was written for (version 5) */
    struct lt_xfs_fork data, attr; /* attr: `bytes` are empty if there is none */
    uint32_t major, minor;         /* of a device */
};

/* Decode an inode of xfs->inode_size bytes. LT_SKIP: there is none, or its forks are not in it. A freed one is fine:
 * its mode is 0. */
enum lt_status lt_xfs_inode(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino, struct lt_xfs_inode *out,
                            struct lt_err *err);

#endif
