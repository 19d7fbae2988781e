// SPDX-License-Identifier: Apache-2.0
/* The checks of a layer. Each finds out one thing about the entries of a layer and adds it to their events: tags,
 * facts, what the container did. The walk of the layer fills in a struct lt_layer_entry for each entry, shows
 * it to the checks, and then emits its event. No check emits the entry that it is shown: see enum lt_verdict.
 *
 * A new check is a file here that exports `lt_layer_check_<name>`, and a line in checks.def. The lines are the
 * order of the checks; that file also has the reasons for the order, and what each check may rely on. The map, in this
 * order:
 *
 *   hidden_by.c        which higher layers hide the entry
 *   marks.c            tags of whiteouts and opaque marks
 *   clock_steps.c      does it show that the host's clock was put back?
 *   mount_shadowing.c  which mounts of containers shadow it
 *   tamper.c           is it what the tar of its image layer has?
 *   lower.c            what the lower layers have in its place
 *   removals.c         removals by whiteouts; collects those that the checks below find, too
 *   changes.c          what the container did to it
 *   inner_logs.c       logs and histories, which are read later
 *   hiding.c           what it hides in lower layers
 *   init_copy.c        rw layers that began as a copy of the init layer
 *   happenings.c       what else happened in the layer, which tells when something was removed
 *   capabilities.c     capabilities of programs that the container made or changed
 *   renames.c          keeps what was moved until it is known whether it was renamed
 *   file_times.c       did a process set its times? */
#ifndef LT_FILES_CHECKS_CHECKS_H
#define LT_FILES_CHECKS_CHECKS_H

#include "files/removals.h"
#include "files/walked.h"
#include "overlay/change.h"
#include "store/mechanics.h"

/* What an entry of a layer is. Each entry is exactly one of these. */
enum lt_entry_kind {
    LT_ENTRY_UNALLOCATED, /* deleted from the file system: only its remains are known */
    LT_ENTRY_ROOT,        /* the root of the layer, which has no name */
    LT_ENTRY_WHITEOUT,    /* the removal of a name of the lower layers */
    LT_ENTRY_MARK,        /* other bookkeeping of the driver, which no container sees */
    LT_ENTRY_PLAIN,       /* what it looks like: a file, a directory... */
    LT_ENTRY_KINDS
};

/* What the lower layers show in the place of an entry, or in the place it was renamed from. */
struct lt_lower_place {
    bool found;                         /* there is something; otherwise the rest is not set */
    const struct lt_lower_stack *stack; /* the directory that holds it */
    struct lt_lower lower;              /* the strings are valid until a check looks for something else */
};

/* The entry at hand. The walk sets all of `event`, `kind`, `meaning` and `subject`. The other parts are set by the
 * check that is named; only checks below it in the table may read them. */
struct lt_layer_entry {
    struct lt_event event; /* as it will be emitted; what is added to it lives in walk->of_entry */
    enum lt_entry_kind kind;
    enum lt_meaning meaning;       /* not of a root, nor of an unallocated entry */
    struct lt_str subject;         /* its name in the lower layers: of a whiteout, the name that it removes */
    struct lt_lower_place place;   /* `lower`; `changes` follows renames; `found` is false before */
    struct lt_overlay_marks marks; /* `lower`: of rw layers, and of directories over a directory */
    struct lt_upper upper;         /* `changes` */
    struct lt_hidden hidden;       /* `changes`: what event.hides points to */
    bool moved;                    /* `changes`: it was copied up from another place; false before */
    bool copied_up; /* `changes`: it was copied up from its own place, which the walk emits as an event of
                     * its own; false before */
};

enum { LT_MOST_LAYER_CHECKS = 32 };

struct lt_layer_walk;

/* What becomes of an entry after a check. */
enum lt_verdict {
    LT_VERDICT_NEXT, /* the next check looks at it, and after the last one the walk emits it */
    LT_VERDICT_KEPT, /* the check kept a copy, to be emitted when the checks end; the walk is done with the entry */
};

/* A check of one layer. It is used only in the walks, layers and entries that its line in checks.def names. */
struct lt_layer_check {
    /* Before the first entry. Returns the state of the check, which is passed to the other two functions. NULL: there
     * is nothing to do in this layer, and the other functions will not be called. A check
     * without a state of its own returns `walk`, or has no such function. In the second case it is always used. */
    void *(*begin)(struct lt_layer_walk *walk);
    /* For each entry, in the order of the directory tree: directories before what is in them, names in byte order. */
    enum lt_verdict (*entry)(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state);
    /* After the last entry, whatever became of the walk. Frees the state. If `status`, which is that of the walk and of
     * the ends before, is LT_OK, it emits what only the whole walk shows. Returns the status to go on with. The ends
     * are called from the last check to the first, so that each may use what the checks above it have begun. */
    enum lt_status (*end)(struct lt_layer_walk *walk, void *state, enum lt_status status, struct lt_err *err);
};

#define LAYER_CHECK(name, walks, layers, entries) extern const struct lt_layer_check lt_layer_check_##name;
#include "files/checks/checks.def"
#undef LAYER_CHECK

/* One check of one kind of entry. */
struct lt_layer_step {
    enum lt_verdict (*entry)(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state);
    void *state;
};

/* The walk of one layer. Checks may use all of it. They change only the parts that name them, and put things in the
 * arenas. */
struct lt_layer_walk {
    struct lt_ctx *ctx; /* first: see lt_walk_ctx() */
    const struct lt_walking *walking;
    const struct lt_layer *layer;
    struct lt_dir *top; /* its root */
    /* Memory that is freed with the layer, with the directory at hand, and with the entry at hand. */
    struct lt_arena of_layer, of_dir, of_entry;
    /* Looks into the lower directories; it keeps the names of the one below the directory at hand. */
    struct lt_lower_reader reader;
    bool whole;                   /* `lower`: all lower layers are known, so that what is not in them is new */
    bool marked;                  /* `lower`: the layer names the origins of its copies */
    struct lt_removals *removals; /* `removals`: where checks below it add what was removed */
    const struct lt_dir *dir;     /* the directory at hand */
    struct lt_map children; /* `hiding`: name -> struct lt_dir *, what a directory in it inherits when it is walked */
    struct lt_map stores;   /* paths of stores that lie in the layer */
    struct lt_layer_entry entry; /* the entry at hand */
    /* Of each kind of entry, the checks that look at it. Ended by one without a function. */
    struct lt_layer_step steps[LT_ENTRY_KINDS][LT_MOST_LAYER_CHECKS + 1];
    void *states[LT_MOST_LAYER_CHECKS]; /* by check */
    bool begun[LT_MOST_LAYER_CHECKS];
};

/* Is it the layer that a container writes to? */
static inline bool lt_layer_is_rw(const struct lt_layer_walk *walk)
{
    return walk->layer->role == LT_ROLE_RW;
}

/* Is the entry a directory over a directory? Unless it is opaque, they are merged. */
static inline bool lt_entry_is_merged(const struct lt_layer_entry *entry)
{
    return entry->place.found && S_ISDIR(entry->event.node->mode) && S_ISDIR(entry->place.lower.node.mode);
}

#endif
