// SPDX-License-Identifier: Apache-2.0
/* The files themselves: every entry of stores, and of what containers bind. What its walks share. The map of
 * the folder:
 *
 *   files.c       the source: which trees of a host are walked, and their entries but for those of layers
 *   layer_walk.c  the walk of a layer, which shows each entry to the checks; the order of the layers
 *   checks/       what is found out about each entry of a layer: its map and contract are in checks/checks.h
 *   removals.c    what was removed or renamed in a layer
 *   removal_times.c   when that was, and what else happened then
 *   binds.c       what containers bind of the host: which entries are shown
 *   bind_sources.c  the sources of binds, and who could write there when
 *   former.c      deleted files as they were; deleted_records.c: those that were records of what is gone
 *   container_mounts.c  what lies where a container mounts something
 *   walked.c      events of entries, and where containers see them */
#ifndef LT_FILES_WALKED_H
#define LT_FILES_WALKED_H

#include "overlay/mount_views.h"
#include "read/context.h"

struct lt_clock_steps;
struct lt_lister;
struct lt_tamper;
struct lt_walk;

/* What all walks over one host use. */
struct lt_walking {
    struct lt_lister *lister;     /* lists the directories; NULL: each walk makes its own */
    struct lt_tamper *tamper;     /* checks the layers of the store at hand; NULL: they are not checked */
    struct lt_clock_steps *steps; /* collects births that are later than changes; NULL: they are not checked */
};

/* A walk that counts in the account of `ctx` what it sees and what fails. The caller sets `arg`, `entry` and `enter`.
 * `arg` must point to a pointer to `ctx`, or to a struct that begins with one. */
struct lt_walk lt_counted_walk(struct lt_ctx *ctx, struct lt_lister *lister);

static inline struct lt_ctx *lt_walk_ctx(void *arg)
{
    return *(struct lt_ctx **)arg;
}

/* A file event for an entry, with the times of the entry. */
struct lt_event lt_file_event(const struct lt_owner *owner, const struct lt_dir *dir, const struct lt_node *node);

/* Memory for adding to events where containers see the entries of a walk. Initialise with {0}; end with
 * lt_shown_end(). */
struct lt_shown {
    struct lt_buf path, inside;
    struct lt_arena arena; /* for the entry at hand */
    struct lt_attr facts;
};
void lt_shown_end(struct lt_shown *shown);

/* The evidence path of an entry ("" for the root). It becomes the entry at hand, which the two functions below use.
 * What they lent for the entry before is no longer valid. */
struct lt_str lt_shown_path(struct lt_shown *shown, const struct lt_dir *dir, struct lt_str name);

/* Complete an event about the entry at hand, which is in a volume or bind. Set its path in the containers and, unless
 * `names_only`, its facts. Both are lent. */
void lt_shown_tell(struct lt_shown *shown, struct lt_event *event, bool names_only);

/* Set the path in the containers of a directory that is about to be walked. It must have its owner. The path lives in
 * `run`. */
void lt_shown_enter(struct lt_shown *shown, const struct lt_dir *parent, struct lt_dir *child, struct lt_arena *run);

/* Emit an entry that was deleted from the file system: its last times, if the inode still has them, and its deletion.
 * If the time of the deletion is not known, it was before the last change to the directory. */
enum lt_status lt_emit_unallocated(struct lt_ctx *ctx, struct lt_event *event, struct lt_err *err);

/* Emit the time at which the entry of `event` was copied up: its birth, or else some time before its last change. */
enum lt_status lt_emit_copy_up(struct lt_ctx *ctx, const struct lt_event *event, struct lt_err *err);

/* Emit every entry of one layer: see files/checks/checks.h. */
enum lt_status lt_walk_layer(struct lt_ctx *ctx, const struct lt_walking *walking, const struct lt_layer *layer,
                             struct lt_err *err);

/* Emit every entry of every layer of the store at hand. Layers come after all layers that may hide something of them:
 * rw and init layers first, then image layers from the highest to the lowest. */
enum lt_status lt_walk_layers(struct lt_ctx *ctx, const struct lt_walking *walking, struct lt_err *err);

#endif
