// SPDX-License-Identifier: Apache-2.0
/* On-disk structures of ext2, ext3 and ext4: superblock, group descriptor, inode. Pure decoders over bytes. They exist
 * because libtsk 4.11 reads seconds as unsigned 32 bit, drops the epoch bits, ignores i_extra_isize and gives no device
 * numbers. Facts: linux fs/ext4/ext4.h and Documentation/filesystems/ext4 (kernel 6.18), all integers little-endian. */
#ifndef LT_PARSE_EXT4_H
#define LT_PARSE_EXT4_H

#include "../base/cursor.h"
#include "../event.h"

enum {
    LT_EXT4_SUPER_OFFSET = 1024, /* of the superblock from the start of the file system */
    LT_EXT4_SUPER_SIZE = 1024,
    LT_EXT4_MAX_INODE = 4096, /* larger inode sizes than this are refused */
    LT_EXT4_FAST_LINK = 60,   /* a shorter link target lies in the inode itself */
};

struct lt_ext4 {
    uint32_t inodes, inodes_per_group, blocks_per_group, first_data_block, first_meta_bg;
    uint32_t block_size, inode_size, desc_size;
    uint32_t compat, incompat, ro_compat;
    uint32_t backup_groups[2]; /* sparse_super2: the only groups but 0 with a superblock */
    uint64_t blocks;
    bool needs_recovery; /* the journal holds changes that are not yet in place */
};

/* Decode the superblock. LT_SKIP when it is none or says impossible things. */
enum lt_status lt_ext4_super(struct lt_cursor bytes, struct lt_ext4 *out, struct lt_err *err);

/* Byte offset in the file system of the group descriptor that covers inode `ino` (which must be 1..inodes). */
uint64_t lt_ext4_desc_offset(const struct lt_ext4 *ext4, uint32_t ino);

/* Byte offset in the file system of inode `ino`, from the desc_size bytes of its group descriptor. */
uint64_t lt_ext4_inode_offset(const struct lt_ext4 *ext4, struct lt_cursor desc, uint32_t ino);

/* Decode an inode of inode_size bytes: all fields of `out` but name, ino and the target of a long link; a short target
 * is borrowed from `bytes`. Only regular files have sizes of more than 32 bits (directories too with the
 * feature largedir, which no container host needs). A time with an impossible fraction is left unset and `*bad_time`
 * set. LT_SKIP: no inode. */
enum lt_status lt_ext4_inode(struct lt_cursor bytes, struct lt_node *out, bool *bad_time, struct lt_err *err);

#endif
