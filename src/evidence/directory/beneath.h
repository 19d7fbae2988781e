// SPDX-License-Identifier: Apache-2.0
/* Opens what lies beneath one directory, and nothing else: it follows no symbolic link and never goes above. Any thread
 * may use it. A small cache of open directories saves walking each path from its beginning. */
#ifndef LT_EVIDENCE_DIRECTORY_BENEATH_H
#define LT_EVIDENCE_DIRECTORY_BENEATH_H

#include "model/event.h"

/* For a large buffer: do not zero it at each call, as the compiler is told to do with every variable. */
#if defined __has_attribute && __has_attribute(uninitialized)
#define LT_UNINITIALISED __attribute__((uninitialized))
#else
#define LT_UNINITIALISED
#endif

struct lt_beneath;

/* Begin to open things beneath the directory `root`, a descriptor that is owned from now on. `opened` counts what had
 * to be opened without O_NOATIME, and is borrowed. The result lives in `arena`. End it with lt_beneath_close(), when no
 * other thread uses it any more. */
struct lt_beneath *lt_beneath_new(struct lt_arena *arena, int root, _Atomic uint64_t *opened);
void lt_beneath_close(struct lt_beneath *beneath);

/* Open `path` with `flags` of open(). The caller closes the descriptor. -1: errno tells why. */
int lt_beneath_open(struct lt_beneath *beneath, struct lt_str path, int flags);

/* Open a directory to read its names. -1: errno tells why; ESTALE if another directory has taken its place since its
 * inode was learned. End the descriptor with lt_beneath_keep(). Unless it is
 * brief, `dir` must live as long as `beneath` does. */
int lt_beneath_list(struct lt_beneath *beneath, const struct lt_dir *dir);

/* End a descriptor from lt_beneath_list(). `reuse`: something in that directory is likely to be opened soon. */
void lt_beneath_keep(struct lt_beneath *beneath, const struct lt_dir *dir, int fd, bool reuse);

/* Is what is at `path` on a disk, or where the evidence itself is? Else it is on a network, or made up by the kernel.
 */
bool lt_beneath_stored(struct lt_beneath *beneath, struct lt_str path);

/* A directory on loan, to reach its entries. */
struct lt_lease {
    int fd;   /* -1: errno tells why, as for lt_beneath_list() */
    int slot; /* private */
};

/* Borrow a descriptor of `dir`, which must live likewise. Give it back with lt_beneath_return(). */
struct lt_lease lt_beneath_lease(struct lt_beneath *beneath, const struct lt_dir *dir);

/* Give back what was borrowed. A lease without a descriptor is ignored. errno stays as it is. */
void lt_beneath_return(struct lt_beneath *beneath, struct lt_lease lease);

#endif
