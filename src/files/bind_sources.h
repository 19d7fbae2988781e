// SPDX-License-Identifier: Apache-2.0
/* The sources of binds: which paths of a host its containers bind, and who could write there, and when. Containers that
 * were removed count where traces tell of their mounts: see struct lt_traces. */
#ifndef LT_FILES_BIND_SOURCES_H
#define LT_FILES_BIND_SOURCES_H

#include "read/context.h"

/* One source. Containers that bind it, or a directory that it lies in, see what is in it. */
struct lt_bind_place {
    struct lt_bind bind;          /* first; its users are those containers that exist */
    struct lt_list removed;       /* of struct lt_mount_user *: those that were removed */
    struct lt_bind_place *within; /* the innermost source that it lies in; NULL: none */
    struct lt_bound *told;        /* what was shown of it */
    struct lt_map variants;       /* see lt_bind_owner_at() */
    bool bound;                   /* a container that exists binds this very source */
    bool written;                 /* ... for writing */
    struct lt_time since;         /* if `written`: when the first of these was created; unset: not known */
    struct lt_list spans; /* of struct lt_span *: when containers that bind this very source for writing may have run */
    bool narrow;          /* it shows only what changed in these: it holds a store, or has too many entries */
    bool has_inner;       /* other sources lie in it */
    bool seen;            /* the walk has seen the source itself */
};

/* The sources of a file system. Initialise with the first five members, then call lt_bind_places_find(). */
struct lt_bind_places {
    struct lt_ctx *ctx;              /* they are looked up in ctx->fs */
    const struct lt_container *only; /* leave out what other containers bind; NULL: none */
    bool all;                        /* also what runtimes bind by themselves, and what is kept in memory */
    bool report;                     /* a source that is missing is a loss */
    bool silent;                     /* nothing is reported */
    struct lt_list items;            /* of struct lt_bind_place *: what is in a directory comes right after it */
    struct lt_map by_path;
    struct lt_list users, removed; /* of struct lt_mount_user *: each bind whose source exists */
    struct lt_list missing;        /* of struct lt_str *: the others, unless they are kept in memory */
    struct lt_map told;            /* sources and volumes of which something was reported */
    size_t links, cut;             /* links from users to sources inside theirs; users that lack some */
};

/* Find them. What is wrong with a source is reported. Everything lives in the run arena. */
void lt_bind_places_find(struct lt_bind_places *places);

/* Whose an entry of the source is that changed at one of the `count` times: the source's own users, and those of the
 * removed ones that may have run then. `*removed` says whether one of these did. */
const struct lt_owner *lt_bind_owner_at(struct lt_bind_places *places, struct lt_bind_place *place,
                                        const struct lt_time *times, size_t count, bool *removed);

/* The path of the host that `mount` of `container` binds: as a bind, or as a volume that is one; in `arena` if it is
 * made. "": it binds none. */
struct lt_str lt_bind_source(const struct lt_container *container, const struct lt_mount *mount,
                             struct lt_arena *arena);

/* Does the path of the host exist only while it runs? */
bool lt_bind_is_in_memory(struct lt_str path);

/* May the container write to what it binds there? */
bool lt_bind_is_writable(const struct lt_container *container, const struct lt_mount *mount);

/* The file system in which the sources of the store's binds are looked up. NULL: the evidence does not show which one
 * it is. */
struct lt_fs *lt_bind_fs(const struct lt_root *root);

/* The volume whose files the mount would show if they were in the evidence: those of a device that is no path of the
 * host, such as a share of another machine. NULL: it is no such mount. */
const struct lt_volume *lt_volume_elsewhere(const struct lt_container *container, const struct lt_mount *mount);

/* Report that these files are not in the evidence, or are not read from where they are. */
void lt_volume_report_elsewhere(struct lt_ctx *ctx, const struct lt_volume *volume);

#endif
