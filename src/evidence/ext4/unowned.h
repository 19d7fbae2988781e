// SPDX-License-Identifier: Apache-2.0
/* Blocks of ext2/3/4 that no file owns. Private to evidence/ext4/. */
#ifndef LT_EVIDENCE_EXT4_UNOWNED_H
#define LT_EVIDENCE_EXT4_UNOWNED_H

#include "evidence/unowned.h"

/* lt_fs_ops.unowned: by the bitmaps of the blocks, as they are after a replay of the journal. A group whose bitmap was
 * never written has none in use but those of its own structures (linux fs/ext4/balloc.c, ext4_init_block_bitmap(),
 * 6.18). LT_SKIP: groups are left out, as their bitmaps cannot be believed. */
enum lt_status lt_ext4_unowned(struct lt_fs *fs, lt_each_unowned *each, void *arg, struct lt_err *err);

/* lt_fs_ops.read_unowned. */
ssize_t lt_ext4_read_unowned(struct lt_fs *fs, void *buffer, size_t size, uint64_t at, struct lt_err *err);

/* lt_fs_ops.place. */
bool lt_ext4_place(struct lt_fs *fs, uint64_t ino, uint64_t *at);

#endif
