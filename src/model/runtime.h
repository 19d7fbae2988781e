// SPDX-License-Identifier: Apache-2.0
/* A container runtime, as the rest of the program knows it: a row of the table in runtime/runtimes.def. Whatever else
 * is true of one runtime alone is in its folder. */
#ifndef LT_MODEL_RUNTIME_H
#define LT_MODEL_RUNTIME_H

#include "model/event.h"

struct lt_container;
struct lt_ctx;
struct lt_discovery;
struct lt_source;

/* A directory in which a runtime keeps its store if nobody tells it otherwise. */
struct lt_place {
    const char *path; /* from the root of a file system; "" for that root */
    const char *why;  /* for people: "the default" */
};

enum lt_answer { LT_NO, LT_YES, LT_UNKNOWN };

/* What a runtime left of the life of a container. Lists live in the arena that was given. */
struct lt_life {
    struct lt_list files;     /* of struct lt_identifier *: paths of its records that are there */
    struct lt_list witnesses; /* of struct lt_str *: what tells whether it ran when the evidence was taken */
    enum lt_answer ran;       /* and what follows from them */
};

/* A storage driver, for people. */
struct lt_driver {
    const char *name, *summary;
};

struct lt_runtime {
    const char *name;         /* `container_runtime` in the output */
    const char *title;        /* the same for people: "Docker" */
    const char *store;        /* what a store of it is called, behind its name or title: "data root" */
    const char *source_short; /* `source_short` of its rows; `source_long` begins with the title */
    enum lt_kind log_line;    /* kind of a line that a container wrote into a log of the host */

    const struct lt_place *places; /* ended by one without a path (NULL) */
    /* How sure is the runtime that the directory `path` (without links) of the file system at hand is a store of its:
     * 0 no, 100 certain. The highest bidder gets it. */
    int (*bid)(struct lt_ctx *ctx, struct lt_str path);
    /* Add (read/discover.h) the stores in a directory that somebody named as one: are there any? NULL: none can be. */
    bool (*within)(const struct lt_discovery *discovery, struct lt_str path);
    /* Try the directories that settings on the file system at hand name; NULL: there are no such settings. */
    void (*settings)(struct lt_discovery *discovery);

    size_t root_size; /* bytes of lt_root.own: zeros when a store was found */
    /* May this name a container, in full? */
    bool (*is_id)(struct lt_str text);
    const struct lt_source *const *sources; /* ended by NULL; their order is that of the calls within a stage */
    /* Once all sources have filled the inventory with what the store at hand holds: link its layers to each other, to
     * images and to containers. NULL: there is nothing to link. */
    void (*link)(struct lt_ctx *ctx);
    /* What there is of a container of the store at hand. `out` is empty. NULL: nothing more is known. */
    void (*life)(struct lt_ctx *ctx, const struct lt_container *container, struct lt_arena *arena, struct lt_life *out);
    const struct lt_driver *(*driver)(
        size_t index); /* of those that it knows; NULL behind the last one. NULL: there are none */
};

#endif
