// SPDX-License-Identifier: Apache-2.0
/* Where the data roots of an evidence are. */
#ifndef LT_DISCOVER_H
#define LT_DISCOVER_H

#include "read/context.h"

/* Add every Docker data root of `fs` to the inventory: the default, those that daemon.json names, rootless and snap
 * ones, the evidence itself when it is one, and the sub-roots of userns-remap in each of them. Paths are re-rooted at
 * the evidence. What was looked for and is not there is appended to `looked`, comma-separated, for the message of
 * exit 3. */
void lt_discover(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_buf *looked);

#endif
