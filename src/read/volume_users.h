// SPDX-License-Identifier: Apache-2.0
/* Which containers mount which volume, or which part of it. */
#ifndef LT_READ_VOLUME_USERS_H
#define LT_READ_VOLUME_USERS_H

#include "read/context.h"

/* Fill in the users of all volumes of the current store. Its containers and their mounts must be known. */
void lt_volume_users_find(struct lt_ctx *ctx);

#endif
