// SPDX-License-Identifier: Apache-2.0
/* Sources: one reader for each family of artifacts. A source is one file here plus one line in sources.def. In phase 1
 * it fills the inventory, in phase 2 it emits events; either may be NULL. */
#ifndef LT_SOURCE_SOURCE_H
#define LT_SOURCE_SOURCE_H

#include "read/context.h"

struct lt_source {
    const char *name; /* `parser` in the output is "layertime/<name>" */
    const char *summary;
    /* Phase 1. Items that cannot be read are skipped with lt_skip(). */
    void (*inventory)(struct lt_ctx *ctx);
    /* Phase 2. Any status but LT_OK is the sink's LT_FATAL, passed on. */
    enum lt_status (*events)(struct lt_ctx *ctx, struct lt_err *err);
};

/* NULL-terminated table made from sources.def; its order is the order of both phases. */
extern const struct lt_source *const lt_sources[];

#endif
