// SPDX-License-Identifier: Apache-2.0
/* The copies of the superblock and of the group descriptors that lie at the start of some groups, for when the first
 * ones are damaged. The kernel hardly ever writes them: only what never changes is taken from them. Facts: linux
 * fs/ext4/super.c and resize.c; e2fsprogs 1.47 lib/ext2fs/closefs.c. */
#ifndef LT_EVIDENCE_EXT4_COPIES_H
#define LT_EVIDENCE_EXT4_COPIES_H

#include "evidence/device.h"
#include "evidence/ext4/layout.h"

/* Find a copy of the superblock that can be believed: its values are possible, its checksum is right, and it says
 * itself that it belongs where it lies. `first` is what the damaged superblock says, NULL if it says nothing: what
 * changes from day to day is from there. The journal decides whether it must be replayed. False: there is none. */
bool lt_copies_super(const struct lt_device *device, const struct lt_ext4 *first, struct lt_ext4 *out);

/* Does a group descriptor tell places that are in the file system? */
bool lt_copies_plausible(const struct lt_ext4 *super, const struct lt_ext4_group *group);

/* Put right where the bitmaps and inodes of a damaged group lie, if a copy of its descriptor says otherwise. The copy
 * does not know which of its inodes were ever used, so all of them count. */
void lt_copies_group(const struct lt_device *device, const struct lt_ext4 *super, uint64_t number,
                     struct lt_ext4_group *group);

#endif
