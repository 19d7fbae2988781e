// SPDX-License-Identifier: Apache-2.0
/* What the times of a file prove about each other. Only the kernel sets ctime and birth. A write sets mtime and ctime
 * to the same time (linux fs/inode.c, file_update_time). A copy-up keeps atime and mtime (fs/overlayfs/copy_up.c). As
 * long as the host's clock was not set back, this follows:
 *
 *   mtime after ctime    a process set it ahead
 *   mtime before birth   a process set it: copy-up keeps the mtime of a file of a lower layer; copying and unpacking
 *                        keep old mtimes; touch sets any
 *   birth after ctime    impossible: the clock was set back in between, unless the file was copied there while its file
 *                        system was made
 *
 * An mtime that only touch explains gets the tag `time_anomaly`. One that copying or unpacking explains as well gets
 * `time_set`. Both tags state facts, and the reason is one of the event's `facts`. A touch right after a file was
 * written cannot be told from what tar does. */
#ifndef LT_CLOCK_FILETIMES_H
#define LT_CLOCK_FILETIMES_H

#include "overlay/change.h"

/* How an entry got to its place. */
enum lt_came {
    LT_CAME_SOMEHOW,  /* unknown, or as part of its layer */
    LT_CAME_ANEW,     /* a process created it here */
    LT_CAME_BY_COPY,  /* copied up from a lower entry; the contents are unchanged */
    LT_CAME_BY_WRITE, /* copied up from a lower entry; the contents were changed in place */
};

/* What is known of an entry besides its event. */
struct lt_filetimes {
    enum lt_came came;
    const struct lt_node *lower; /* the entry it was copied from or hides; NULL: none. Only its times are used */
    bool births;                 /* births are those of the files; see lt_births_kept() */
    bool same_mtime;             /* the contents differ from those of `lower`, but the mtime is the same */
};

/* Tag the event of an entry and append the reasons to its facts, which live in `arena`. */
void lt_filetimes_check(struct lt_event *event, const struct lt_filetimes *times, struct lt_arena *arena);

/* The same for an entry of an rw layer whose event states the change. `lower` is the entry of the lower stack, or NULL.
 * `births` is what lt_births_kept() returned. */
void lt_filetimes_check_rw(struct lt_ctx *ctx, struct lt_event *event, const struct lt_upper *upper,
                           const struct lt_lower *lower, bool births, struct lt_arena *arena);

/* Are the births in the rw layers and volumes of this store those of its files? They are not if everything was copied
 * here, such as a restored backup: the rw layers were then born long after their containers were created. If the times
 * of `container` are known, only that container counts. It may be NULL. */
bool lt_births_kept(const struct lt_root *root, const struct lt_container *container);

/* The same for one container, whose births count only if its times are known. */
bool lt_birth_kept(const struct lt_container *container);

/* Births after ctimes. They show when the host's clock was set back. One object serves a whole host. */
struct lt_clock_steps;

/* Owned by the caller; `ctx` is borrowed. */
struct lt_clock_steps *lt_clock_steps_new(struct lt_ctx *ctx);
void lt_clock_steps_free(struct lt_clock_steps *steps);

/* The next entries are under `path` of `fs`. `steps` may be NULL. */
void lt_clock_steps_enter(struct lt_clock_steps *steps, struct lt_fs *fs, struct lt_str path);

/* Check one entry of a walk. If it shows a step, tag its event and append the reason, which lives in `arena`. `steps`
 * may be NULL. */
void lt_clock_steps_check(struct lt_clock_steps *steps, struct lt_event *event, struct lt_arena *arena);

/* Emit one event for each step. Files whose intervals from ctime to birth overlap show the same step. `steps` may be
 * NULL. */
enum lt_status lt_clock_steps_emit(struct lt_clock_steps *steps, struct lt_err *err);

#endif
