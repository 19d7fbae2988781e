// SPDX-License-Identifier: Apache-2.0
/* Ids that a host sets aside for user namespaces: /etc/subuid and /etc/subgid (shadow, man 5 subuid). */
#ifndef LT_HOST_SUBIDS_H
#define LT_HOST_SUBIDS_H

#include "read/context.h"

/* The text of /etc/subuid, or of /etc/subgid if `group`, on whichever file system of the host at hand it lies; "" if
 * there is none. It is read once and kept with the host; what is wrong with it is reported then. */
struct lt_str lt_host_subids(struct lt_ctx *ctx, bool group);

/* The text of another small file of the host, in scratch; "" if there is none. What cannot be read is reported. */
struct lt_str lt_host_file(struct lt_ctx *ctx, const char *path);

#endif
