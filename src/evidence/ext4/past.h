// SPDX-License-Identifier: Apache-2.0
/* All that a file system still tells of former states of its inodes. It is found when it is asked for first, and kept,
 * as several ask for it in one run. */
#ifndef LT_EVIDENCE_EXT4_PAST_H
#define LT_EVIDENCE_EXT4_PAST_H

#include "evidence/deleted.h"
#include "evidence/ext4/former_names.h"

struct lt_ext4_past {
    struct lt_ext4_formers formers;
    struct lt_ext4_former_names names;
    unsigned char *block;  /* owned; a buffer of one block for whoever reads a state */
    struct lt_err problem; /* set: some states may be missing, and why */
};

/* All states of one file: they have the same inode and generation. */
struct lt_ext4_family {
    const struct lt_ext4_former *states; /* the newest first */
    size_t count;
    bool newest; /* no later file had that inode, so its first state is that of today */
    bool lives;  /* the file is there today */
    bool orphan; /* it was deleted while open, and is not freed yet */
};

/* Find it, or what was found before, but for the names. It lives until the file system is closed. */
struct lt_ext4_past *lt_ext4_past(struct lt_fs *fs);

/* The names, which are found only when they are asked for: that reads every directory. */
struct lt_ext4_former_names *lt_ext4_past_names(struct lt_fs *fs);
void lt_ext4_past_free(struct lt_ext4_past *past);

/* The file whose states begin at `at`; the next one begins `count` states behind. */
struct lt_ext4_family lt_ext4_family_at(const struct lt_ext4_formers *formers, size_t at);

/* See lt_fs_ops.former. */
enum lt_status lt_ext4_former(struct lt_fs *fs, lt_each_former *each, void *arg, struct lt_err *err);

/* When an inode was freed that has this state, which `node` describes, too: its own time is in seconds, its last change
 * to the ns. Not set if it was not. One that was deleted while open has the number of another inode there (linux
 * fs/ext4/ext4.h, NEXT_ORPHAN). */
struct lt_time lt_ext4_freed_then(const struct lt_ext4 *super, const struct lt_ext4_inode *inode,
                                  const struct lt_node *node);

#endif
