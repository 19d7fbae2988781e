// SPDX-License-Identifier: Apache-2.0
/* Stores of container engines, and parts of stores, that no runtime reads yet. They are named, so that nobody takes a
 * host without rows for one without containers. */
#ifndef LT_READ_UNREAD_H
#define LT_READ_UNREAD_H

#include "read/context.h"

/* Report each such store of ctx->fs as unsupported. */
void lt_unread_find(struct lt_ctx *ctx);

/* Names of directories in such stores, by which they are known wherever they lie; ends with NULL. If `path` holds one,
 * it is reported, unless it was before. */
extern const char *const lt_unread_marks[];
void lt_unread_at(struct lt_ctx *ctx, struct lt_str path);

/* Report each directory at the top of the current store whose name its runtime does not know: be it that of a storage
 * driver or somebody else's, its files are told, but nobody knows what they mean. */
void lt_unread_parts(struct lt_ctx *ctx, bool (*knows)(struct lt_str name));

#endif
