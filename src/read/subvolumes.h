// SPDX-License-Identifier: Apache-2.0
/* Subvolumes of a btrfs as a host mounts them: which one is its root, and which one an entry of its mount table means
 * (man 5 btrfs, subvol= and subvolid=, 6.2). */
#ifndef LT_READ_SUBVOLUMES_H
#define LT_READ_SUBVOLUMES_H

#include "read/context.h"

/* The directory of `fs` that is mounted with these options: "" for all of it, in `arena`. LT_END: there is none. */
enum lt_status lt_subvolume_meant(const struct lt_fs *fs, struct lt_str options, struct lt_arena *arena,
                                  struct lt_str *out);

/* Find the subvolume of ctx->fs that is the root of a host: the one that is mounted unless an option says otherwise, or
 * one whose own /etc/fstab mounts it there, or the only one that holds a system. `*root` is in scratch. False: there is
 * none, or the top itself is the root. */
bool lt_subvolume_root(struct lt_ctx *ctx, struct lt_str *root);

#endif
