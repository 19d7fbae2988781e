// SPDX-License-Identifier: Apache-2.0
/* Blocks of ext2/3/4 directories. Each function decodes one block and touches nothing else. Facts: linux fs/ext4/ext4.h
 * (ext4_dir_entry_2, dx_root, dx_node), fs/ext4/namei.c, fs/ext4/inline.c (kernel 6.18). */
#ifndef LT_EVIDENCE_EXT4_DIRENTS_H
#define LT_EVIDENCE_EXT4_DIRENTS_H

#include "evidence/ext4/layout.h"

/* One name. The slack is the unused space behind an entry; a name there is what an earlier entry left behind.
 * Since 5.13 linux overwrites names when it removes them. Older kernels only make the entry before longer. */
struct lt_ext4_name {
    struct lt_str name; /* borrowed from the block */
    uint32_t ino;       /* 0: the number is lost, which happens in the slack only */
    unsigned type; /* 1 regular, 2 directory, 3 character and 4 block device, 5 FIFO, 6 socket, 7 link; 0 unknown */
    bool slack;
};

/* Takes one name. */
typedef void lt_ext4_each_name(void *arg, const struct lt_ext4_name *name);

/* Call `each` for every name of a block except "." and "..", and with `slack` also for those in the slack. `first`:
 * this is block 0 of the directory. `indexed`: the directory has a hash tree, whose nodes are not slack. LT_SKIP: the
 * chain of entries is broken, and names behind the break may be missing. */
enum lt_status lt_ext4_block_names(const struct lt_ext4 *ext4, struct lt_cursor block, bool first, bool indexed,
                                   bool slack, lt_ext4_each_name *each, void *arg, struct lt_err *err);

/* The same for a directory whose bytes lie in its inode, or in the attribute system.data behind it. It has no "." and
 * "..", no checksum and no slack. LT_SKIP: as above. */
enum lt_status lt_ext4_inline_names(struct lt_cursor bytes, lt_ext4_each_name *each, void *arg, struct lt_err *err);

/* Is the checksum of the block wrong? `seed` is lt_ext4_inode_seed() of the directory. False where there are no
 * checksums. */
bool lt_ext4_block_damaged(const struct lt_ext4 *ext4, struct lt_cursor block, uint32_t seed);

/* The inodes that "." and ".." in block 0 name; 0 where there are none. */
void lt_ext4_dots(struct lt_cursor block, uint32_t *self, uint32_t *parent);

#endif
