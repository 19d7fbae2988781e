// SPDX-License-Identifier: Apache-2.0
/* On-disk structures of ext2, ext3 and ext4: superblock, group descriptor, inode. Pure decoders over bytes. They exist
 * because libtsk 4.11 reads seconds as unsigned 32 bit, drops the epoch bits, ignores i_extra_isize and gives no device
 * numbers. Facts: linux fs/ext4/ext4.h and Documentation/filesystems/ext4 (kernel 6.18), all integers little-endian. */
#ifndef LT_EVIDENCE_EXT4_LAYOUT_H
#define LT_EVIDENCE_EXT4_LAYOUT_H

#include "base/crc32c.h"
#include "base/cursor.h"
#include "model/event.h"

enum {
    LT_EXT4_SUPER_OFFSET = 1024, /* of the superblock from the start of the file system */
    LT_EXT4_SUPER_SIZE = 1024,
    LT_EXT4_MAX_INODE = 4096, /* larger inode sizes than this are refused */
    LT_EXT4_FAST_LINK = 60,   /* a shorter link target lies in the inode itself */
    LT_EXT4_BODY = 60,        /* bytes of i_block: extents, block numbers, a link's target or the data itself */
    LT_EXT4_ROOT = 2,         /* inode of the root directory */
    LT_EXT4_FLAGS = 0x20,     /* offset of i_flags */
};

/* Features that the reader asks for; the others change nothing in what it reads. */
enum {
    LT_EXT4_COMPAT_JOURNAL = 0x4,
    LT_EXT4_COMPAT_ORPHAN_FILE = 0x1000,
    LT_EXT4_INCOMPAT_RECOVER = 0x4,
    LT_EXT4_INCOMPAT_LARGEDIR = 0x4000,
    /* filetype, recover, meta_bg, extents, 64bit, mmp, flex_bg, ea_inode, csum_seed, largedir, inline_data, encrypt,
     * casefold (which changes how names are looked up, not how they lie on disk) */
    LT_EXT4_INCOMPAT_KNOWN = 0x3E7D6,
};

/* i_flags. */
enum {
    LT_EXT4_ENCRYPT_FL = 0x800,
    LT_EXT4_INDEX_FL = 0x1000,
    LT_EXT4_EXTENTS_FL = 0x80000,
    LT_EXT4_EA_INODE_FL = 0x200000,
    LT_EXT4_INLINE_FL = 0x10000000,
};

/* bg_flags. */
enum { LT_EXT4_INODE_UNINIT = 0x1, LT_EXT4_BLOCK_UNINIT = 0x2, LT_EXT4_INODE_ZEROED = 0x4 };

struct lt_ext4 {
    uint32_t inodes, inodes_per_group, blocks_per_group, first_data_block, first_meta_bg;
    uint32_t block_size, inode_size, desc_size;
    uint32_t compat, incompat, ro_compat;
    uint32_t backup_groups[2];              /* sparse_super2: the only groups but 0 with a superblock */
    uint32_t journal_inode, journal_device; /* at most one is not 0 */
    uint32_t last_orphan;                   /* first of the inodes that were deleted while open, 0 if none */
    uint32_t orphan_file;                   /* its inode, with LT_EXT4_COMPAT_ORPHAN_FILE */
    uint32_t first_inode;                   /* below it all but the root are the file system's own */
    uint32_t cluster_blocks;                /* blocks that a bit of a block bitmap stands for (bigalloc) */
    uint32_t checksum_seed;
    uint64_t blocks;
    struct lt_time made; /* s_mkfs_time; not set if it is 0 */
    bool needs_recovery; /* the journal holds changes that are not yet in place */
    bool checksums;      /* metadata_csum: every structure has a CRC-32C */
    bool uninit_groups;  /* flags and unused counts of the group descriptors mean something */
    bool damaged;        /* the superblock's own checksum is wrong */
};

/* What a group descriptor says. */
struct lt_ext4_group {
    uint64_t block_bitmap, inode_bitmap, inode_table; /* blocks */
    uint32_t itable_unused;                           /* inodes at the end of the table that were never used */
    uint16_t flags;
    bool damaged; /* its checksum is wrong */
};

/* An inode as the reader needs it: where its data and attributes are. */
struct lt_ext4_inode {
    uint32_t ino, flags, generation;
    uint32_t deleted; /* i_dtime, seconds; of an orphan the next orphan instead */
    uint16_t mode, links;
    uint64_t size;
    uint64_t xattr_block;             /* 0: none */
    unsigned char body[LT_EXT4_BODY]; /* i_block */
    struct lt_cursor xattrs;          /* attributes in the inode, borrowed from its bytes; empty if none */
};

/* Decode the superblock. LT_SKIP when it is none or says impossible things. */
enum lt_status lt_ext4_super(struct lt_cursor bytes, struct lt_ext4 *out, struct lt_err *err);

/* Byte offset in the file system of the group descriptor that covers inode `ino` (which must be 1..inodes). */
uint64_t lt_ext4_desc_offset(const struct lt_ext4 *ext4, uint32_t ino);

/* Byte offset in the file system of inode `ino`, from the desc_size bytes of its group descriptor. */
uint64_t lt_ext4_inode_offset(const struct lt_ext4 *ext4, struct lt_cursor desc, uint32_t ino);

/* Number of block groups. */
uint64_t lt_ext4_groups(const struct lt_ext4 *ext4);

/* Decode the desc_size bytes of the descriptor of `group`, and check its CRC-32C where there is one. */
void lt_ext4_group(const struct lt_ext4 *ext4, struct lt_cursor desc, uint64_t group, struct lt_ext4_group *out);

/* Is the CRC-32C of an inode wrong (linux fs/ext4/inode.c, ext4_inode_csum)? */
bool lt_ext4_inode_damaged(const struct lt_ext4 *ext4, struct lt_cursor bytes, uint32_t ino);

/* Write the right checksum into the inode_size bytes of an inode that was changed in memory; nothing where there are
 * none.
 */
void lt_ext4_seal_inode(const struct lt_ext4 *ext4, unsigned char *bytes, uint32_t ino);

/* Decode what the inode_size bytes of inode `ino` say about its data and attributes. Never fails: hostile values are
 * bounded where they are used. */
void lt_ext4_layout(const struct lt_ext4 *ext4, struct lt_cursor bytes, uint32_t ino, struct lt_ext4_inode *out);

/* Start of the checksums of what belongs to an inode: directory blocks, extents. */
uint32_t lt_ext4_inode_seed(const struct lt_ext4 *ext4, uint32_t ino, uint32_t generation);

/* Decode an inode of inode_size bytes: all fields of `out` but name, ino and the target of a long link; a short target
 * is borrowed from `bytes`. Only regular files have sizes of more than 32 bits (directories too with the
 * feature largedir, which no container host needs). A time with an impossible fraction is left unset and `*bad_time`
 * set. LT_SKIP: no inode. */
enum lt_status lt_ext4_inode(struct lt_cursor bytes, struct lt_node *out, bool *bad_time, struct lt_err *err);

#endif
