// SPDX-License-Identifier: Apache-2.0
/* Names of inodes in former states: directories of today, and blocks of directories as they were, in the journal and in
 * blocks that are free by now. */
#ifndef LT_EVIDENCE_EXT4_FORMER_NAMES_H
#define LT_EVIDENCE_EXT4_FORMER_NAMES_H

#include "evidence/ext4/former.h"

/* A name that a directory had for an inode from transaction `from` to the one before `to`. */
struct lt_ext4_former_name {
    uint32_t ino, parent, generation; /* of the inode; of the directory */
    uint32_t from, to;
    bool ends;     /* it was removed in `to`; if not, it is still there as far as is known */
    bool slack;    /* found behind the entries in use */
    unsigned type; /* as the directory has it, 2: a directory; 0 unknown */
    struct lt_str name;
};

struct lt_ext4_former_names {
    struct lt_ext4_formers *formers;
    struct lt_arena arena;             /* of the names */
    struct lt_ext4_former_name *items; /* owned; by inode */
    size_t count, cap;
    struct lt_ext4_former_name *living; /* owned; by inode: what directories of today name */
    size_t living_count, living_cap;
    unsigned char *wanted; /* owned; a bit for each inode that may be asked for */
};

/* Find them. Free them with lt_former_names_free(). */
void lt_former_names_find(struct lt_ext4_former_names *names, struct lt_fs *fs, struct lt_ext4_formers *formers);
void lt_former_names_free(struct lt_ext4_former_names *names);

/* Append the path of the inode with that generation, as it was at transaction `sequence`. True: it is whole and begins
 * with a slash. If not, steps near the root are not known; with no step known nothing is appended. `*inferred` is set
 * if only the number of an inode links a step to the next. */
bool lt_former_path(const struct lt_ext4_former_names *names, const struct lt_ext4_inode *inode, uint32_t sequence,
                    struct lt_buf *out, bool *inferred);

#endif
