// SPDX-License-Identifier: Apache-2.0
/* Opening what lies beneath one directory, and nothing else: through no symbolic link, not above, from any thread. A
 * small cache of directories that are open saves walking each path from its beginning. */
#ifndef LT_EVIDENCE_BENEATH_H
#define LT_EVIDENCE_BENEATH_H

#include "model/event.h"

/* A large buffer that need not be zeroed at each call, as the compiler otherwise does with every variable. */
#if defined __has_attribute && __has_attribute(uninitialized)
#define LT_UNINITIALISED __attribute__((uninitialized))
#else
#define LT_UNINITIALISED
#endif

struct lt_beneath;

/* Open things beneath the directory `root`, a descriptor that is owned from now on. Lives in `arena`; end it with
 * lt_beneath_close(), when no other thread uses it any more. */
struct lt_beneath *lt_beneath_new(struct lt_arena *arena, int root);
void lt_beneath_close(struct lt_beneath *beneath);

/* Open `path` with `flags` of open(). The caller closes the descriptor; -1 with errno set. */
int lt_beneath_open(struct lt_beneath *beneath, struct lt_str path, int flags);

/* Open a directory to read its names. If another directory has taken its place since its inode was learned, that is -1
 * with ESTALE. End it with lt_beneath_keep(). Unless it is brief, `dir` must live as long as `beneath` does. */
int lt_beneath_list(struct lt_beneath *beneath, const struct lt_dir *dir);

/* End a descriptor of lt_beneath_list(); `reuse`: something in that directory is likely to be opened soon. */
void lt_beneath_keep(struct lt_beneath *beneath, const struct lt_dir *dir, int fd, bool reuse);

/* A directory on loan, to reach its entries. */
struct lt_lease {
    int fd;   /* -1: errno tells why there is none, as for lt_beneath_list() */
    int slot; /* private */
};

/* Borrow a descriptor of `dir`, which must live likewise. Give it back with lt_beneath_return(). */
struct lt_lease lt_beneath_lease(struct lt_beneath *beneath, const struct lt_dir *dir);

/* Give back what was borrowed; a lease without a descriptor is ignored. Leaves errno as it is. */
void lt_beneath_return(struct lt_beneath *beneath, struct lt_lease lease);

#endif
