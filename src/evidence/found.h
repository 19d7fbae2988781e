// SPDX-License-Identifier: Apache-2.0
/* From the names that a reader finds in the blocks of a directory, deleted ones among them, to its listing. For readers
 * that find inodes by their numbers. */
#ifndef LT_EVIDENCE_FOUND_H
#define LT_EVIDENCE_FOUND_H

#include "evidence/fs.h"

/* A name found in a directory. */
struct lt_found_name {
    struct lt_str name;
    uint64_t ino;  /* 0: it is lost */
    unsigned type; /* S_IFMT bits as the directory has them, 0 if it does not say */
    bool slack;    /* the name was deleted */
    bool inferred; /* that it was in this directory, or its inode */
};

struct lt_found_list {
    struct lt_arena *arena;      /* of the names */
    struct lt_found_name *items; /* owned, until lt_found_list_take() */
    size_t count, cap;
};

/* Append a name, which is copied. */
void lt_found_add(struct lt_found_list *list, struct lt_found_name found);

/* Make a listing of what was found in `dir`, in byte order of the names: of each node name, inode, whether it is
 * deleted and, as its mode, the type. A deleted name that is there again with the same inode is left out: its entry was
 * moved. `inferred`: that what a deleted directory held was in `dir`. The list is empty afterwards. */
void lt_found_list_take(struct lt_found_list *list, const struct lt_dir *dir, bool inferred, struct lt_listing *out);

/* Call `describe` for each node. Inodes of a large directory are spread over more of the disk than a cache holds: they
 * are gone through in order. */
void lt_found_describe(struct lt_listing *listing, void (*describe)(void *arg, struct lt_node *node), void *arg);

/* An inode does not tell where its names were, and its number may have been used for another file in between. Is it
 * therefore inferred that the deleted inode had a name in `dir`? Not if its last change was at the time of the last
 * change of names there: that was this deletion. */
bool lt_found_is_inferred(const struct lt_dir *dir, const struct lt_node *node);

#endif
