// SPDX-License-Identifier: Apache-2.0
/* The interface of a container runtime: a row of the table in runtime/runtimes.def. Everything else about one runtime
 * is in its folder. */
#ifndef LT_MODEL_RUNTIME_H
#define LT_MODEL_RUNTIME_H

#include "model/inventory.h"

struct lt_container;
struct lt_ctx;
struct lt_discovery;
struct lt_log_lines;
struct lt_recovered;
struct lt_root;
struct lt_source;
struct lt_stream;

/* A directory in which a runtime keeps its store by default. */
struct lt_place {
    const char *path; /* from the root of a file system; "" for that root */
    const char *why;  /* for people: "the default" */
};

/* How sure a runtime may be that a directory is one of its stores. */
enum lt_bid {
    LT_BID_NONE = 0,
    LT_BID_ALMOST = 20,  /* it holds something of what a store does */
    LT_BID_LIKELY = 50,  /* enough where a store is expected */
    LT_BID_CERTAIN = 80, /* it holds what nothing else makes */
};

/* A name that a store may be known by. */
struct lt_mark {
    const char *name;
    bool itself; /* of the store's directory, not of an entry in it */
};

enum lt_answer { LT_NO, LT_YES, LT_UNKNOWN };

/* What a runtime left of the life of a container. Lists live in the arena passed to life(). */
struct lt_life {
    struct lt_list files;     /* of struct lt_identifier *: paths of its records that exist */
    struct lt_list witnesses; /* of struct lt_str *: witnesses of whether it ran when the evidence was taken */
    enum lt_answer ran;       /* what follows from them */
};

/* A storage driver, for people. */
struct lt_driver {
    const char *name, *summary;
};

/* What the path of a file tells that is in a store no more. */
struct lt_gone {
    struct lt_str container; /* ID in the path; "": none */
    struct lt_str layer;     /* name of the directory of a layer in the path; "": none */
    bool within;             /* it is one of the layer's files, and not of its records: at */
    struct lt_str inside;    /* in its containers, with a slash in front */
    struct lt_str image;     /* of the record of an image in the path: its ID, without "sha256:"; "": none */
    struct lt_str volume;    /* name of a volume in the path; "": none */
    bool is_record;          /* its contents tell more, to recovered() */
};

/* Add all records of a log to `lines` (runtime/log_lines.h), whose current file `stream` gives. */
typedef enum lt_status lt_log_reader(struct lt_log_lines *lines, struct lt_stream *stream, struct lt_err *err);

struct lt_runtime {
    const char *name;         /* `container_runtime` in the output */
    const char *title;        /* the same for people: "Docker" */
    const char *store;        /* its word for a store, after its name or title: "data root" */
    const char *source_short; /* `source_short` of its rows; its title begins `source_long` */
    enum lt_kind log_line;    /* kind of a line that a container wrote into a log of the host */

    const struct lt_place *places; /* the default first; ends with one whose path is NULL */
    /* Where a store lies in a volume that a node which is a container mounts at /var or below: paths from the volume,
     * ends with NULL. NULL: nowhere. */
    const char *const *in_volumes;
    /* How sure the runtime is that the directory `path` (without symbolic links) of the current file system is one of
     * its stores: see enum lt_bid. The highest bid wins. */
    int (*bid)(struct lt_ctx *ctx, struct lt_str path);
    /* Names of directories: where one is met, bid() is asked. Ends with one whose name is NULL. */
    const struct lt_mark *marks;
    const char *shape; /* for people: what a certain bid needs */
    /* Where the store at `path` is on its host, by its own records, in scratch; "" if they do not tell. NULL: they
     * never do. */
    struct lt_str (*home)(struct lt_ctx *ctx, struct lt_str path);
    /* Append to `out` the directories (struct lt_str *, in scratch) of the store at `path` in which containers may keep
     * stores of their own. NULL: there are none. */
    void (*inside)(struct lt_ctx *ctx, struct lt_str path, struct lt_list *out);
    /* Parts of a store that may be symbolic links to other places: paths below it, each after that of its parent, in
     * which a "*" stands for any name. Ends with NULL. NULL: there are none. */
    const char *const *parts;
    /* Add (read/discover.h) the stores inside a directory that was given as one. Returns whether there are any. NULL:
     * there cannot be any. */
    bool (*within)(const struct lt_discovery *discovery, struct lt_str path);
    /* Try the directories that settings on the current file system name. NULL: there are no such settings. */
    void (*settings)(struct lt_discovery *discovery);

    /* Does what is in this namespace of containerd belong to the runtime? NULL: no. */
    bool (*serves)(struct lt_str namespace);

    /* The part of an image's name in containerd that the runtime shows; "" if it shows none. NULL: all of it. */
    struct lt_str (*image_name)(struct lt_str name);

    size_t root_size; /* bytes of lt_root.own, which is zeroed when a store is found */
    /* Can this be the full ID of a container? */
    bool (*is_id)(struct lt_str text);
    const struct lt_source *const *sources; /* ends with NULL; called in this order within a stage */
    /* Link the layers of the current store to each other, to images and to containers. Called once all sources have
     * filled the inventory. NULL: nothing to link. */
    void (*link)(struct lt_ctx *ctx);
    /* Fill in what is known of the life of a container of the current store. `out` is empty. NULL: nothing more is
     * known. */
    void (*life)(struct lt_ctx *ctx, const struct lt_container *container, struct lt_arena *arena, struct lt_life *out);
    /* The reader of the runtime's logs in the format in which `head` begins; NULL: it has no such format. NULL: its
     * logs are those of others. */
    lt_log_reader *(*log_of)(struct lt_str head);
    /* What does the path of a deleted file tell? All in `out` is part of it. False: nothing. NULL: it never does. */
    bool (*gone)(const struct lt_root *root, struct lt_str path, struct lt_gone *out);
    /* Take what a record tells that the current store has no more: read/recovered.h. False: it is none of the store's.
     * NULL: none ever is. */
    bool (*recovered)(struct lt_ctx *ctx, const struct lt_recovered *record);
    const struct lt_driver *(*driver)(
        size_t index); /* the storage drivers it knows, by index; returns NULL after the last one. NULL: it has none */
};

#endif
