// SPDX-License-Identifier: Apache-2.0
/* Bind mounts: files of the host that containers see. They are read on request only (--binds), since they may be the
 * whole host. Each file has one row, whoever binds it (overlay/mount_views.h); its role is that of the host, and it is
 * tagged `bind`. */
#ifndef LT_FILES_BINDS_H
#define LT_FILES_BINDS_H

#include "files/walked.h"

/* Every entry, once, of every bind source of the containers of the host at hand, and of volumes of the local driver
 * that are binds themselves. Sources are looked for in the file system that has the host's /etc, or else in that of the
 * store. Links in the path of a source are followed beneath it, others never. A source in another is walked with it;
 * stores are not walked again. What is not there is reported. */
enum lt_status lt_walk_binds(struct lt_ctx *ctx, const struct lt_walking *walking, struct lt_err *err);

#endif
