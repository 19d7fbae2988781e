// SPDX-License-Identifier: Apache-2.0
/* Bind mounts: files of the host that containers see. They are read only on request (--binds), since they may be the
 * whole host. Each file has one row, no matter how many containers bind it (overlay/mount_views.h). Its role is that of
 * the host, and it is tagged `bind`. */
#ifndef LT_FILES_BINDS_H
#define LT_FILES_BINDS_H

#include "files/walked.h"

/* Emit every entry of every bind source once: sources of the containers of the host at hand, and of volumes of the
 * local driver that are binds themselves. Sources are looked up in the file system with the host's /etc, or else in
 * that of the store. Links in the path of a source are followed beneath that file system; other links never are. A
 * source that lies in another is walked with that one. Stores are not walked again. Missing sources are reported. */
enum lt_status lt_walk_binds(struct lt_ctx *ctx, const struct lt_walking *walking, struct lt_err *err);

/* The path of the host that `mount` of `container` binds: as a bind, or as a volume that is one; in `arena` if it is
 * made. "": it binds none. */
struct lt_str lt_bind_source(const struct lt_container *container, const struct lt_mount *mount,
                             struct lt_arena *arena);

/* The file system in which the sources of the store's binds are looked up. NULL: the evidence does not show which one
 * it is. */
struct lt_fs *lt_bind_fs(const struct lt_root *root);

/* The volume whose files the mount would show if they were in the evidence: those of a device that is no path of the
 * host, such as a share of another machine. NULL: it is no such mount. */
const struct lt_volume *lt_volume_elsewhere(const struct lt_container *container, const struct lt_mount *mount);

/* Report that these files are not in the evidence, or are not read from where they are. */
void lt_volume_report_elsewhere(struct lt_ctx *ctx, const struct lt_volume *volume);

#endif
