// SPDX-License-Identifier: Apache-2.0
/* Whose a find may be, where it does not say so itself: by what lies beside it, and by when that was written.
 *
 * ext4 gives blocks to small files, of 16 blocks or fewer, one behind the other, whatever directory they are in, out of
 * a stretch of 512 blocks that each processor keeps (linux fs/ext4/mballoc.c, ext4_mb_group_or_file() and
 * ext4_mb_normalize_group_request(), 6.18). So within a stretch, place is time: what lies between two files was written
 * between them. These are hints, never facts: each kind comes with how often it was right in a trial. */
#ifndef LT_CARVE_HINTS_H
#define LT_CARVE_HINTS_H

#include "base/list.h"
#include "carve/carve.h"
#include "model/inventory.h"

enum lt_carve_hint {
    LT_CARVE_HINT_NONE,
    LT_CARVE_HINT_SAVED,   /* settings: beside the configuration that is saved with them */
    LT_CARVE_HINT_NAMED,   /* its one line is the name of one container */
    LT_CARVE_HINT_CREATED, /* a record: near the one line that names a container, which is written with it */
    LT_CARVE_HINT_BETWEEN, /* deleted files of the same owner lie on both sides */
    LT_CARVE_HINT_NEAR,    /* a deleted file lies near */
    LT_CARVE_HINT_TIME,    /* when it was written, nearly all that was made was this owner's */
    LT_CARVE_HINTS
};

struct lt_carve_hint_kind {
    const char *name, *why; /* a word; for people */
    unsigned right, of;     /* in the trial that docs/recovery.md describes: hints that were right, of all */
};
extern const struct lt_carve_hint_kind lt_carve_hint_kinds[LT_CARVE_HINTS];

/* A find, as it is looked at here. */
struct lt_carve_item {
    const char *format;
    uint64_t at, size;
    struct lt_str line;           /* all of it, where it is one short line; else "" */
    const struct lt_owner *owner; /* whose it says that it is; NULL: it does not say */
    const struct lt_owner *hint;  /* set here; NULL: none */
    struct lt_str hint_layer;     /* set here: of struct lt_carve_mark */
    struct lt_str hint_below;     /* set here: the same */
    enum lt_carve_hint kind;      /* set here */
};

/* A file whose owner is known, as it is there today, or as it was deleted. */
struct lt_carve_mark {
    uint64_t at, size;   /* where its contents begin, 0: not known, or there are none; bytes */
    struct lt_time born; /* may be unset */
    const struct lt_owner *owner;
    struct lt_str layer; /* name of the directory of a layer that is gone, which it was in; "": none */
    struct lt_str below; /* of a path whose first steps are lost, the first that is known; "": that says nothing more */
    bool lives;
};

/* All that is known of one file system. */
struct lt_carve_trail {
    struct lt_carve_item *items; /* in the order of their places */
    size_t item_count;
    struct lt_carve_mark *marks; /* in any order: they are sorted here */
    size_t mark_count;
    const struct lt_list *containers; /* of struct lt_container *: also removed ones */
    uint32_t block;                   /* bytes */
};

/* Find a hint for each item that has no owner. */
void lt_carve_hints(const struct lt_carve_trail *trail);

/* Does the format hold records of a store, and not files that a container wrote? */
bool lt_carve_is_record(const char *format);

#endif
