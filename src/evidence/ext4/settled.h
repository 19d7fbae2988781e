// SPDX-License-Identifier: Apache-2.0
/* Was what a file held in a former state on the disk by then?
 *
 * A commit waits for data in blocks that are new in it, and for no other (data=ordered: linux fs/ext4/inode.c,
 * ext4_jbd2_inode_add_write()). What is written into blocks that the file has already, an append within its last block
 * too, changes its inode at once, but comes to the disk only when the kernel writes it back: 30 s later or so
 * (mm/page-writeback.c, dirty_expire_interval and dirty_writeback_interval), or never, if the file is deleted before.
 */
#ifndef LT_EVIDENCE_EXT4_SETTLED_H
#define LT_EVIDENCE_EXT4_SETTLED_H

#include "evidence/ext4/past.h"

/* Is it known that the blocks of the state hold what the file held? Either it was not written to since it got the
 * newest of them, or it lasted long enough. Data in the inode or in the journal, and that of a file that is still
 * open, are as they are. `at` is the index of the state in its family, a regular file. `cut`: its last bytes
 * seem to be missing, as an append may have come between its blocks and the end of the transaction that has them. */
bool lt_former_is_settled(struct lt_ext4_formers *formers, const struct lt_ext4_family *family, size_t at, bool cut);

#endif
