// SPDX-License-Identifier: Apache-2.0
/* The reader of ext2, ext3 and ext4: fills an lt_fs from the bytes of a partition. Nothing is loaded ahead; a directory
 * is read when it is listed, and its inodes with it. */
#ifndef LT_EVIDENCE_EXT4_H
#define LT_EVIDENCE_EXT4_H

#include "evidence/evidence.h"
#include "evidence/ext4/volume.h"

/* Make `fs` (whose evidence and label are set) read the file system on `device`. Its journal is replayed in memory
 * where it needs that, unless `no_journal`; what is wrong with the file system as a whole goes to the notes of the
 * evidence. LT_END: no ext2/3/4 there. LT_SKIP: one that has features which this reader does not know, or whose
 * superblock is damaged or cannot be read (LT_CODE_UNREADABLE). Close with lt_ext4_close() after LT_OK. */
enum lt_status lt_ext4_open(struct lt_fs *fs, const struct lt_device *device, bool no_journal, struct lt_err *err);

/* Does this reader serve `fs`? */
bool lt_ext4_serves(const struct lt_fs *fs);

void lt_ext4_close(struct lt_fs *fs);

#endif
