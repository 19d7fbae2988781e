// SPDX-License-Identifier: Apache-2.0
/* New files below a directory, under names that hostile evidence may have chosen. */
#ifndef LT_CONTAIN_TREE_H
#define LT_CONTAIN_TREE_H

enum {
    LT_TREE_PATH = 3072, /* bytes of a path, the NUL included */
    LT_TREE_DEPTH = 64,  /* components of it */
};

/* Create the file `path` below the directory `dir`, with the directories that it needs, for nobody but this user, and
 * open it for writing. Nothing that exists is opened or followed: not the file, and no link on the way to it. Returns
 * the descriptor, or -1 with errno; EINVAL: a path that is absolute or empty, is too long or too deep, or has an empty
 * component, "." or "..". */
int lt_tree_create(int dir, const char *path);

#endif
