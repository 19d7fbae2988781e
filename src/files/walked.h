// SPDX-License-Identifier: Apache-2.0
/* What the walks over files have in common. */
#ifndef LT_SOURCE_WALKED_H
#define LT_SOURCE_WALKED_H

#include "overlay/mount_views.h"
#include "read/context.h"

struct lt_clock_steps;
struct lt_lister;
struct lt_tamper;
struct lt_walk;

/* What the walks over one host share. */
struct lt_walking {
    struct lt_lister *lister;     /* lists the directories; NULL: the walk makes its own */
    struct lt_tamper *tamper;     /* checks the layers of the store at hand; NULL: nobody does */
    struct lt_clock_steps *steps; /* NULL: births after changes are not looked at */
};

/* A walk that keeps the account of `ctx`. `arg`, `entry` and `enter` are left to the caller; `arg` must point to a
 * pointer to `ctx`, or to a struct that begins with one. */
struct lt_walk lt_counted_walk(struct lt_ctx *ctx, struct lt_lister *lister);

static inline struct lt_ctx *lt_walk_ctx(void *arg)
{
    return *(struct lt_ctx **)arg;
}

/* The event of an entry, with its times. */
struct lt_event lt_file_event(const struct lt_owner *owner, const struct lt_dir *dir, const struct lt_node *node);

/* Room for telling where containers see the entries of a walk; initialise with {0}, end with lt_shown_end(). */
struct lt_shown {
    struct lt_buf path, inside;
    struct lt_arena arena; /* for the entry at hand */
    struct lt_attr facts;
};
void lt_shown_end(struct lt_shown *shown);

/* The evidence path of an entry ("" for the root), which the two below are about. What was lent for the entry
 * before is taken back. */
struct lt_str lt_shown_path(struct lt_shown *shown, const struct lt_dir *dir, struct lt_str name);

/* Set the place in the containers, and, unless `names_only`, the facts of an event about an entry of a volume or bind.
 * They are lent. */
void lt_shown_tell(struct lt_shown *shown, struct lt_event *event, bool names_only);

/* Set the place of a directory that is entered, in `run`; its owner is known. */
void lt_shown_enter(struct lt_shown *shown, const struct lt_dir *parent, struct lt_dir *child, struct lt_arena *run);

/* A deleted entry of the file system: its last times, as far as the inode still tells them, and its deletion. Without a
 * time of that, it was before its directory changed for the last time. */
enum lt_status lt_emit_unallocated(struct lt_ctx *ctx, struct lt_event *event, struct lt_err *err);

/* When the entry of `event` was copied up: its birth, else before its last change. */
enum lt_status lt_emit_copy_up(struct lt_ctx *ctx, const struct lt_event *event, struct lt_err *err);

/* Every entry of one layer. */
enum lt_status lt_walk_layer(struct lt_ctx *ctx, const struct lt_walking *walking, const struct lt_layer *layer,
                             struct lt_err *err);

/* Every entry of every layer of the store at hand: rw and init layers first, then image layers from the top down, so
 * that of each is known who hides it. */
enum lt_status lt_walk_layers(struct lt_ctx *ctx, const struct lt_walking *walking, struct lt_err *err);

#endif
