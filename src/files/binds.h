// SPDX-License-Identifier: Apache-2.0
/* Bind mounts: files of the host that containers see. They are read on request only (--binds), since they may be the
 * whole host. Each file has one row, whoever binds it (places.h); its role is that of the host, and it is tagged
 * `bind`. */
#ifndef LT_SOURCE_BINDS_H
#define LT_SOURCE_BINDS_H

#include "read/context.h"

struct lt_lister;

/* To be called for each data root. Every entry, once, of every bind source of the containers of all data roots of the
 * evidence, and of volumes of the local driver that are binds themselves. Sources are looked for in the file system
 * that has the host's /etc: see lt_host_fs(). Links in the path of a source are followed beneath it, others never. A
 * source in another is walked with it; data roots are not walked again. What is not there is reported. `lister` lists
 * the directories. */
enum lt_status lt_walk_binds(struct lt_ctx *ctx, struct lt_lister *lister, struct lt_err *err);

#endif
