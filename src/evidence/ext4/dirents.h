// SPDX-License-Identifier: Apache-2.0
/* Blocks of ext2/3/4 directories. Pure decoders over one block each. Facts: linux fs/ext4/ext4.h (ext4_dir_entry_2,
 * dx_root, dx_node), fs/ext4/namei.c, fs/ext4/inline.c (kernel 6.18). */
#ifndef LT_EVIDENCE_EXT4_DIRENTS_H
#define LT_EVIDENCE_EXT4_DIRENTS_H

#include "evidence/ext4/layout.h"

/* One name. A name in the slack is what an earlier entry left behind: linux overwrites names when it removes them since
 * 5.13, older kernels only make the entry before them longer. */
struct lt_ext4_name {
    struct lt_str name; /* borrowed from the block */
    uint32_t ino;       /* 0, in the slack only: the number is gone */
    unsigned type; /* 1 regular, 2 directory, 3 character and 4 block device, 5 FIFO, 6 socket, 7 link; 0 unknown */
    bool slack;
};

/* Takes one name. */
typedef void lt_ext4_each_name(void *arg, const struct lt_ext4_name *name);

/* Call `each` for every name of a block, but "." and "..", live names and those in the slack where `slack` is asked
 * for. `first` says that it is block 0 of the directory, `indexed` that the directory has a hash tree: its nodes are no
 * slack. LT_SKIP: the chain of entries is broken, names may be missing behind the break. */
enum lt_status lt_ext4_block_names(const struct lt_ext4 *ext4, struct lt_cursor block, bool first, bool indexed,
                                   bool slack, lt_ext4_each_name *each, void *arg, struct lt_err *err);

/* The same for the bytes of a directory that lies in its inode (or in the attribute system.data behind it): no "." and
 * "..", no checksum, no slack. */
enum lt_status lt_ext4_inline_names(struct lt_cursor bytes, lt_ext4_each_name *each, void *arg, struct lt_err *err);

/* Is the checksum of the block wrong? `seed` is lt_ext4_inode_seed() of the directory. */
bool lt_ext4_block_damaged(const struct lt_ext4 *ext4, struct lt_cursor block, uint32_t seed);

/* Inodes of "." and ".." of block 0, 0 where there are none. */
void lt_ext4_dots(struct lt_cursor block, uint32_t *self, uint32_t *parent);

#endif
