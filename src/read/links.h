// SPDX-License-Identifier: Apache-2.0
/* Symbolic links inside a store: people move parts of one to another disk, and leave a link. */
#ifndef LT_READ_LINKS_H
#define LT_READ_LINKS_H

#include "read/context.h"

/* Show what the links among the parts of a store (lt_runtime.parts) lead to where the links are, so that readers find
 * it there. The links themselves are kept in root->links. A link that leads nowhere is reported. */
void lt_links_follow(struct lt_ctx *ctx, struct lt_root *root);

#endif
