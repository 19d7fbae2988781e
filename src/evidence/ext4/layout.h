// SPDX-License-Identifier: Apache-2.0
/* On-disk structures of ext2, ext3 and ext4: superblock, group descriptor, inode. Each function decodes the bytes that
 * it is given and touches nothing else. libtsk 4.11 cannot be used for this: it reads seconds as unsigned 32 bit, drops
 * the epoch bits, ignores i_extra_isize and gives no device numbers. Facts: linux fs/ext4/ext4.h and
 * Documentation/filesystems/ext4 (kernel 6.18), all integers little-endian. */
#ifndef LT_EVIDENCE_EXT4_LAYOUT_H
#define LT_EVIDENCE_EXT4_LAYOUT_H

#include "base/crc32c.h"
#include "base/cursor.h"
#include "model/event.h"

enum {
    LT_EXT4_SUPER_OFFSET = 1024, /* of the superblock from the start of the file system */
    LT_EXT4_SUPER_SIZE = 1024,
    LT_EXT4_MAX_INODE = 4096, /* bytes; larger inodes are refused */
    LT_EXT4_MAX_DESC = 1024,  /* bytes; larger group descriptors are refused */
    LT_EXT4_FAST_LINK = 60,   /* bytes; a shorter link target lies in the inode itself */
    LT_EXT4_BODY = 60,        /* bytes of i_block: extents, block numbers, a link's target, or the data itself */
    LT_EXT4_ROOT = 2,         /* inode of the root directory */
    LT_EXT4_FLAGS = 0x20,     /* offset of i_flags */
};

/* Features that the reader looks at. The others do not change what it reads. */
enum {
    LT_EXT4_COMPAT_HAS_JOURNAL = 0x4,
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
    LT_EXT4_HUGE_FILE_FL = 0x40000,
    LT_EXT4_EXTENTS_FL = 0x80000,
    LT_EXT4_EA_INODE_FL = 0x200000,
    LT_EXT4_INLINE_FL = 0x10000000,
};

/* bg_flags. */
enum { LT_EXT4_INODE_UNINIT = 0x1, LT_EXT4_BLOCK_UNINIT = 0x2, LT_EXT4_INODE_ZEROED = 0x4 };

struct lt_ext4 {
    uint32_t inodes, free_inodes; /* free: as the kernel last wrote it; the disk may lie */
    uint32_t inodes_per_group, blocks_per_group, first_data_block, first_meta_bg;
    uint32_t block_size, inode_size, desc_size;
    uint32_t compat, incompat, ro_compat;
    uint32_t backup_groups[2];              /* sparse_super2: the only groups but 0 with a superblock */
    uint32_t journal_inode, journal_device; /* at most one of them is not 0 */
    uint32_t last_orphan;                   /* first inode on the list of those deleted while open, 0 if none */
    uint32_t orphan_file;                   /* inode of the orphan file, with LT_EXT4_COMPAT_ORPHAN_FILE */
    uint32_t first_inode;                   /* smaller numbers, except the root's, belong to the file system itself */
    uint32_t mount_time;                    /* of the last one, in seconds since 1970 */
    uint32_t reserved_tables;               /* blocks kept for group descriptors that may be added */
    uint32_t cluster_blocks;                /* blocks for each bit of a block bitmap (bigalloc) */
    uint32_t checksum_seed;
    uint32_t group; /* where this copy of the superblock says that it lies, modulo 65536; 0: the first */
    unsigned char uuid[16], label[16], last_mounted[64]; /* texts end with a NUL, or fill their field */
    uint64_t blocks;
    bool clean;          /* it was unmounted in good order; without a journal, not set while it is mounted */
    bool needs_recovery; /* the journal holds changes that are not in place yet */
    bool checksums;      /* metadata_csum: every structure has a CRC-32C */
    bool uninit_groups;  /* group descriptors have flags and counts of unused inodes */
    bool damaged;        /* the superblock's own checksum is wrong */
};

/* What a group descriptor says. */
struct lt_ext4_group {
    uint64_t block_bitmap, inode_bitmap, inode_table; /* block numbers */
    uint32_t itable_unused;                           /* inodes at the end of the table that were never used */
    uint32_t block_sum, inode_sum;                    /* CRC-32C of the bitmaps, or its lower half */
    uint16_t flags;
    bool damaged;   /* its checksum is wrong, or it cannot be right */
    bool from_copy; /* see copies.h */
};

/* An inode as the reader needs it: where its data and attributes are. */
struct lt_ext4_inode {
    uint32_t ino, flags, generation;
    uint32_t deleted; /* i_dtime, seconds; for an orphan this is the next orphan instead */
    uint16_t mode, links;
    uint64_t size;
    uint64_t blocks;                  /* of the file system that it takes, with those of its map and attributes */
    uint64_t xattr_block;             /* 0: none */
    unsigned char body[LT_EXT4_BODY]; /* i_block */
    struct lt_cursor xattrs;          /* attributes in the inode, borrowed from its bytes; empty if none */
    bool trusted;                     /* wrong checksums in its extent tree hide nothing: see extents.h */
};

/* Decode the superblock. LT_END: there is none (`err` says so). LT_SKIP: it has impossible values. */
enum lt_status lt_ext4_super(struct lt_cursor bytes, struct lt_ext4 *out, struct lt_err *err);

/* Byte offset in the file system of the group descriptor that covers inode `ino` (which must be 1..inodes). */
uint64_t lt_ext4_desc_offset(const struct lt_ext4 *ext4, uint32_t ino);

/* Byte offset in the file system of inode `ino`, from the desc_size bytes of its group descriptor. */
uint64_t lt_ext4_inode_offset(const struct lt_ext4 *ext4, struct lt_cursor desc, uint32_t ino);

/* Does the group begin with a copy of the superblock (linux fs/ext4/balloc.c, ext4_bg_has_super())? Copies of the group
 * descriptors follow there, but with meta_bg. */
bool lt_ext4_has_super(const struct lt_ext4 *ext4, uint64_t group);

/* Blocks from the start of a group with a copy of the superblock that belong to that copy, to those of the group
 * descriptors, and to the room that is kept for these to grow (linux fs/ext4/balloc.c, ext4_num_base_meta_clusters()).
 */
uint64_t lt_ext4_super_blocks(const struct lt_ext4 *ext4, uint64_t group);

/* The first block of a group. */
uint64_t lt_ext4_group_start(const struct lt_ext4 *ext4, uint64_t group);

/* Byte offset in the file system of the copy number `which`, from 0, of the descriptor of `group`. False: there are not
 * as many. */
bool lt_ext4_desc_copy(const struct lt_ext4 *ext4, uint64_t group, unsigned which, uint64_t *offset);

/* Number of block groups. */
uint64_t lt_ext4_groups(const struct lt_ext4 *ext4);

/* Decode the desc_size bytes of the descriptor of `group`, and check its CRC-32C where there is one. */
void lt_ext4_group(const struct lt_ext4 *ext4, struct lt_cursor desc, uint64_t group, struct lt_ext4_group *out);

/* Is the CRC-32C of a bitmap wrong (linux fs/ext4/bitmap.c)? `bits` are those of the group, and `sum` is in its
 * descriptor. False where there are no checksums. */
bool lt_ext4_bitmap_damaged(const struct lt_ext4 *ext4, struct lt_cursor bits, uint32_t sum);

/* Is the CRC-32C of an inode wrong (linux fs/ext4/inode.c, ext4_inode_csum)? */
bool lt_ext4_inode_damaged(const struct lt_ext4 *ext4, struct lt_cursor bytes, uint32_t ino);

/* Write the right checksum into the inode_size bytes of an inode that was changed in memory. Does nothing where there
 * are no checksums.
 */
void lt_ext4_seal_inode(const struct lt_ext4 *ext4, unsigned char *bytes, uint32_t ino);

/* Decode what the inode_size bytes of inode `ino` say about its data and attributes. Never fails: hostile values are
 * checked where they are used. */
void lt_ext4_layout(const struct lt_ext4 *ext4, struct lt_cursor bytes, uint32_t ino, struct lt_ext4_inode *out);

/* Where the checksums of an inode's directory blocks and extents start. */
uint32_t lt_ext4_inode_seed(const struct lt_ext4 *ext4, uint32_t ino, uint32_t generation);

/* Decode an inode of inode_size bytes into all fields of `out` except name, ino and the target of a long link; a short
 * target is borrowed from `bytes`. Only regular files get sizes of more than 32 bits (for directories with the feature
 * largedir see lt_ext4_describe()). A time with an impossible fraction is left unset, and `*bad_time` is set. LT_SKIP:
 * no inode. */
enum lt_status lt_ext4_inode(struct lt_cursor bytes, struct lt_node *out, bool *bad_time, struct lt_err *err);

#endif
