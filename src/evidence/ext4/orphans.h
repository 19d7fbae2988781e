// SPDX-License-Identifier: Apache-2.0
/* Files that were deleted while a process had them open, and so were not freed when the power failed: those on a list
 * that begins in the superblock, those in the orphan file (linux fs/ext4/orphan.c), and those whose last name a fast
 * commit removed. A kernel frees them when it mounts the file system, so to the rest of the reader they are deleted,
 * whatever the bitmap says. A file there that still has names was being cut short. A mount frees what lies
 * behind its end, which nobody sees, and sets its times to now, which tells nothing. */
#ifndef LT_EVIDENCE_EXT4_ORPHANS_H
#define LT_EVIDENCE_EXT4_ORPHANS_H

#include "evidence/ext4/reader.h"

/* Fill reader->orphans of `fs`, and count in fs->journal what was found. What is wrong with the lists becomes a note of
 * the evidence. */
void lt_ext4_find_orphans(struct lt_fs *fs);

#endif
