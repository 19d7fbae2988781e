// SPDX-License-Identifier: Apache-2.0
/* What a file system of a host says of the daemons that keep stores: read once, by discovery, and told by the source
 * host_config. */
#ifndef LT_HOST_HOST_SETTINGS_H
#define LT_HOST_HOST_SETTINGS_H

#include "host/claims.h"

/* The settings on ctx->fs, in the run arena. They are read at the first call, under the name of the source host_config,
 * which reports what cannot be read. */
const struct lt_host_settings *lt_host_settings_of(struct lt_ctx *ctx);

#endif
