// SPDX-License-Identifier: Apache-2.0
/* A container runtime, as the rest of the program knows it: a row of the table in runtime/runtimes.def. Whatever else is
 * true of one runtime alone is in its folder. */
#ifndef LT_MODEL_RUNTIME_H
#define LT_MODEL_RUNTIME_H

#include "model/event.h"

struct lt_ctx;
struct lt_discovery;
struct lt_source;

/* A directory in which a runtime keeps its store if nobody tells it otherwise. */
struct lt_place {
    const char *path; /* from the root of a file system; "" for that root */
    const char *why;  /* for people: "the default" */
};

struct lt_runtime {
    const char *name;         /* `container_runtime` in the output */
    const char *title;        /* the same for people: "Docker" */
    const char *store;        /* what a store of it is called: "Docker data root" */
    const char *source_short; /* `source_short` of its rows; `source_long` begins with the title */
    enum lt_kind log_line;    /* kind of a line that a container wrote */

    const struct lt_place *places; /* ended by one without a path (NULL) */
    /* How sure is the runtime that the directory `path` (without links) of the file system at hand is a store of its:
     * 0 no, 100 certain. The highest bidder gets it. */
    int (*bid)(struct lt_ctx *ctx, struct lt_str path);
    /* Add (read/discover.h) the stores in a directory that somebody named as one: are there any? NULL: none can be. */
    bool (*within)(const struct lt_discovery *discovery, struct lt_str path);
    /* Try the directories that settings on the file system at hand name; NULL: there are no such settings. */
    void (*settings)(struct lt_discovery *discovery);

    /* May this name a container, in full? */
    bool (*is_id)(struct lt_str text);
    const struct lt_source *const *sources; /* ended by NULL; their order is that of the calls within a stage */
    /* Once all sources have filled the inventory with what the store at hand holds: link its layers to each other, to
     * images and to containers. */
    void (*link)(struct lt_ctx *ctx);
};

/* Made from runtime/runtimes.def; ended by NULL. */
extern const struct lt_runtime *const lt_runtimes[];

#endif
