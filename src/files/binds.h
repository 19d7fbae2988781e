// SPDX-License-Identifier: Apache-2.0
/* Bind mounts: files of the host that containers see. They may be the whole host, so by default only what containers
 * may have written is shown: of each source that is bound for writing, every entry that changed (ctime or birth) at or
 * after the creation of the first container that binds it so. Of a source that holds a store, or has more than a
 * million entries, and of one that only a removed container bound, it is what changed while such a container may have
 * run. What is left out is counted (struct lt_bound).
 *
 * Each file has one row, no matter how many containers bind it (overlay/mount_views.h). Its role is that of the host,
 * and it is tagged `bind`. */
#ifndef LT_FILES_BINDS_H
#define LT_FILES_BINDS_H

#include "files/bind_sources.h"
#include "files/walked.h"

/* A source of more entries shows only what changed while a container may have run that binds it for writing. */
enum { LT_BIND_MOST = 1000000 };

/* Emit the entries of the bind sources of the host at hand, as ctx->reading->binds says: those of its containers, and
 * of volumes of the local driver that are binds themselves. Sources are looked up in the file system with the host's
 * /etc, or else in that of the store. Links in the path of a source are followed beneath that file system; other links
 * never are. A source that lies in another is walked with that one. Stores are not walked again. */
enum lt_status lt_walk_binds(struct lt_ctx *ctx, const struct lt_walking *walking, struct lt_err *err);

/* Emit only what changed in what `container` binds for writing, while it may have run. */
enum lt_status lt_walk_binds_of(struct lt_ctx *ctx, const struct lt_walking *walking,
                                const struct lt_container *container, struct lt_err *err);

#endif
