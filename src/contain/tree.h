// SPDX-License-Identifier: Apache-2.0
/* Files below a directory, under names that hostile evidence may have chosen. */
#ifndef LT_CONTAIN_TREE_H
#define LT_CONTAIN_TREE_H

enum {
    LT_TREE_PATH = 3072, /* bytes of a path, the NUL included */
    LT_TREE_DEPTH = 64,  /* components of it */
};

/* The file that is being written, in the directory itself. */
#define LT_TREE_UNFINISHED ".recovering"

/* Files are written under one name, and get their own when they are complete. All of this is below the directory `dir`;
 * nothing that exists is replaced or followed, and no link on the way to it. `path` has at most LT_TREE_DEPTH
 * components, none of which is empty, "." or "..", and is not absolute: else -1 with EINVAL.
 *
 * Begin a file, for nobody but this user. What an earlier run left unfinished is removed. Returns a descriptor for
 * writing, which the caller closes, or -1 with errno. */
int lt_tree_begin(int dir);

/* Give the file the name `path`, with the directories that it needs. -1 with errno; EEXIST: something has that name. */
int lt_tree_give_name(int dir, const char *path);

/* Open the regular file `path` for reading. The caller closes the descriptor. -1 with errno; ENOENT: nothing is there,
 * ELOOP or EISDIR: something else is. */
int lt_tree_open(int dir, const char *path);

/* Remove what is unfinished. */
void lt_tree_end(int dir);

#endif
