// SPDX-License-Identifier: Apache-2.0
/* The file systems of a host as one: each is seen at the path at which the host mounts it. A directory may be mounted
 * too, as by `mount --bind`. Readers of artifacts so take paths of the host, whatever disks these lead to. */
#ifndef LT_EVIDENCE_MOUNTED_H
#define LT_EVIDENCE_MOUNTED_H

#include "evidence/fs.h"

/* Make a file system in `arena` that shows the directory `path` of `base` as its root. `path` has no links, and is
 * copied. It belongs to the evidence of `base`, and is released with it. */
struct lt_fs *lt_mounted_new(struct lt_arena *arena, struct lt_fs *base, struct lt_str path);

/* How something is mounted. A walk asks before it enters another file system; what stands for a link it enters. */
enum lt_mounting { LT_MOUNTED_FS, LT_MOUNTED_LINK };

/* Show the directory or file `path` of `part`, which is not made by lt_mounted_new(), at the path `at`. What was there
 * is hidden, as are earlier mounts at or below it. Neither path has links; both are copied. Not while others read. */
void lt_mounted_add(struct lt_fs *mounted, struct lt_str at, struct lt_fs *part, struct lt_str path,
                    enum lt_mounting how);

/* The file system on which `path` lies, and its path there, in `arena`: `mounted` itself and `path` if it is not made
 * by lt_mounted_new(). */
struct lt_fs *lt_mounted_part(struct lt_fs *mounted, struct lt_str path, struct lt_arena *arena, struct lt_str *inner);

/* Where the file of an event lies. Lives as long as `mounted`, which need not be made by lt_mounted_new(). */
const struct lt_medium *lt_mounted_medium(struct lt_fs *mounted, const struct lt_event *event);

/* Is the file at `path` damaged, but used all the same (see lt_fs_flaw())? As far as that was noticed. */
bool lt_mounted_flawed(struct lt_fs *mounted, struct lt_str path);

/* The files are copies that a collector made: their atimes, ctimes and births are those of the copies, and not shown.
 */
void lt_mounted_copied(struct lt_fs *mounted);

/* Tell the directory at `path` from all others of the host by two numbers: `ino` is its inode, as names() gave it.
 * False: something is mounted there, and has another inode. */
bool lt_mounted_identity(struct lt_fs *mounted, struct lt_str path, uint64_t ino, uint64_t out[2]);

/* Is a file system mounted at exactly this path? */
bool lt_is_mounted_at(const struct lt_fs *mounted, struct lt_str path);

#endif
