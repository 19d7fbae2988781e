// SPDX-License-Identifier: Apache-2.0
/* Stores of container engines that no runtime reads yet. They are named, so that nobody takes a host without rows for
 * one without containers. */
#ifndef LT_READ_UNREAD_H
#define LT_READ_UNREAD_H

#include "read/context.h"

/* Report each such store of ctx->fs as unsupported. */
void lt_unread_find(struct lt_ctx *ctx);

#endif
