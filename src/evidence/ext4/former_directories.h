// SPDX-License-Identifier: Apache-2.0
/* Directories of which a former name is all that is left: their inodes are others' by now. */
#ifndef LT_EVIDENCE_EXT4_FORMER_DIRECTORIES_H
#define LT_EVIDENCE_EXT4_FORMER_DIRECTORIES_H

#include "evidence/deleted.h"
#include "evidence/ext4/former_names.h"

/* Call `each` for the former names of directories that `wants` lets pass. They may be there today: it is not looked
 * whether the inode was ever freed. The node of a find has a name, an inode and a type; `transaction` is the first that
 * shows the name. Anything but LT_OK from `each` ends it. */
enum lt_status lt_former_directories(const struct lt_ext4_former_names *names, struct lt_fs *fs,
                                     lt_wants_deleted *wants, lt_each_deleted *each, void *arg, struct lt_err *err);

#endif
