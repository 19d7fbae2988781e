// SPDX-License-Identifier: Apache-2.0
/* What recovered records tell of containers that were removed: recovered.c collects them, removed_saves.c reads what
 * was saved, removed.c concludes and emits. */
#ifndef LT_RUNTIME_DOCKER_REMOVED_H
#define LT_RUNTIME_DOCKER_REMOVED_H

#include "read/recovered.h"
#include "runtime/docker/gone.h"

/* A save of a configuration. */
struct lt_docker_save {
    struct lt_str bytes, path, witness;
    enum lt_recovery method;
    struct lt_time written, deleted;
    struct lt_time state; /* the latest time that its State tells: set when saves are read */
    bool dying;           /* the container was being removed */
};

/* A removed container, and what is left of it. */
struct lt_docker_removed {
    struct lt_str id;
    struct lt_container *container;       /* NULL: only layers with that ID are known; see keep_layer() */
    struct lt_list configs, hosts;        /* of struct lt_docker_save * */
    struct lt_str rw_id, init_id, parent; /* from layerdb, "" if not known */
    struct lt_str layers_by;              /* who tells these */
    struct lt_time lost;                  /* the last save of a configuration that cannot be read */
    struct lt_time freed;                 /* when the last of its records was freed */
    struct lt_time ended;                 /* the same of those that are deleted with the container alone */
    struct lt_str ended_by;
    struct lt_list lives; /* of struct lt_container *: the container as it was saved, oldest first */
    size_t read;          /* so many of `configs` were read */
};

/* See lt_runtime.recovered. */
bool lt_docker_recovered(struct lt_ctx *ctx, const struct lt_recovered *record);

/* Take a record of an image or a volume. False: it is of none. */
bool lt_docker_recovered_object(struct lt_ctx *ctx, const struct lt_recovered *record, const struct lt_gone *gone,
                                enum lt_docker_gone_kind kind);

/* Emit when images were registered and removed, and when volumes were created and removed, that are no more. */
enum lt_status lt_docker_emit_removed_objects(struct lt_ctx *ctx, struct lt_err *err);

/* Read all saves of a container, oldest first, into `lives`, and give the container what the newest tells. */
void lt_docker_read_saves(struct lt_ctx *ctx, struct lt_docker_removed *removed);

/* Who tells a cell of what was removed, for people, in place of who told it before; nothing if it is not `known`. */
void lt_docker_tell(struct lt_ctx *ctx, struct lt_list *witnesses, const char *cell, bool known, struct lt_str by);

/* "deleted /var/lib/docker/...: inode 611" */
struct lt_str lt_docker_words_of(struct lt_arena *arena, enum lt_recovery method, struct lt_str path,
                                 struct lt_str witness);

/* Is `time` known, and later than `other`? */
bool lt_docker_is_later(struct lt_time time, struct lt_time other);

#endif
