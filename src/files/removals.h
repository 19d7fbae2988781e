// SPDX-License-Identifier: Apache-2.0
/* What was removed from a layer, and when. Removals and moved files of one layer are collected during its walk and
 * emitted together at its end. Only then is it known which removal was the first half of a rename, and what the entries
 * of the layer tell of its time: removal_times.h. */
#ifndef LT_FILES_REMOVALS_H
#define LT_FILES_REMOVALS_H

#include "files/removal_times.h"
#include "overlay/lower_stack.h"

/* An entry whose inode was copied up from another place than its own. */
struct lt_moved {
    struct lt_event event; /* as it is to be emitted if this was no rename; node and hides are copied */
    uint64_t origin;       /* inode that it was copied from */
};

struct lt_removals {
    struct lt_ctx *ctx;
    const struct lt_layer *layer;
    struct lt_removal_times times;
    struct lt_lower_reader reader; /* for lt_removals_add_missing() */
    struct lt_arena arena;
    struct lt_list removed; /* of struct removal * */
    struct lt_list moved;   /* of struct moved * */
};

/* Begin with a layer, and look at its work directory. End with lt_removals_end(). */
void lt_removals_begin(struct lt_removals *removals, struct lt_ctx *ctx, const struct lt_layer *layer);
void lt_removals_end(struct lt_removals *removals);

/* Add the removal of `name`: from `dir`, if it was by a whiteout, else from the directory `witness`. `lower` is what
 * was removed; NULL: not known. All three functions copy what they are given, except directories. */
void lt_removals_add(struct lt_removals *removals, const struct lt_removal *removal, struct lt_str name,
                     const struct lt_lower *lower);

/* Add the removal of each name that is in `below`, but not in the directory `witness`. A name that the directory marks
 * as deleted is not missing. */
void lt_removals_add_missing(struct lt_removals *removals, const struct lt_removal *removal,
                             const struct lt_lower_stack *below);

/* Add an entry that was moved. */
void lt_removals_add_moved(struct lt_removals *removals, const struct lt_moved *moved);

/* Find out which removals and moved files are renames. Emit the moved files in the order in which they were added, then
 * one event for each removal. */
enum lt_status lt_removals_emit(struct lt_removals *removals, struct lt_err *err);

#endif
