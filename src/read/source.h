// SPDX-License-Identifier: Apache-2.0
/* Sources: one reader for each family of artifacts. A source is one file in its folder and one line in that folder's
 * sources.def. In phase 1 it fills the inventory, in phase 2 it emits events. Either function may be NULL. */
#ifndef LT_READ_SOURCE_H
#define LT_READ_SOURCE_H

#include "read/context.h"

/* How often the scheduler (run/schedule.c) calls a source, and what its context holds besides the host. */
enum lt_scope {
    LT_PER_ROOT, /* for each store of its runtime: ctx->root is the store, ctx->fs the file system that it lies on */
    LT_PER_HOST, /* once a host: ctx->fs is the file system with its /etc, or its first; ctx->root is NULL */
    LT_PER_FS,   /* for each file system of a host, which is ctx->fs; ctx->root is NULL */
};

/* Sources are called in the order of their stages; within a stage, in the order of their tables. Later ones may use
 * what earlier ones found. */
enum lt_stage {
    LT_STAGE_STORE,       /* what a store holds: layers, images, builds */
    LT_STAGE_SETTINGS,    /* how the host's daemons are configured */
    LT_STAGE_CONTAINERS,  /* what is known of each container, including its logs */
    LT_STAGE_HOST_LOGS,   /* logs of the host, whose lines name containers */
    LT_STAGE_FILES,       /* the files themselves */
    LT_STAGE_CONCLUSIONS, /* what follows from all of these */
    LT_STAGES
};

struct lt_source {
    const char *name;    /* `parser` in the output is "layertime/<name>" */
    const char *summary; /* NULL: another source of the same name has it */
    enum lt_scope scope;
    enum lt_stage stage;
    bool tells_removed; /* its events() also keeps what it learns of containers that no store has: see run/traces.h */
    /* Phase 1. Items that cannot be read are skipped with lt_skip(). */
    void (*inventory)(struct lt_ctx *ctx);
    /* Phase 2. Any status but LT_OK is the sink's LT_FATAL, passed on. */
    enum lt_status (*events)(struct lt_ctx *ctx, struct lt_err *err);
};

#endif
