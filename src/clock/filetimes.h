// SPDX-License-Identifier: Apache-2.0
/* What the times of a file prove about each other. Nobody can set ctime and birth but the kernel; a write sets mtime
 * and ctime to one time (linux fs/inode.c, file_update_time); a copy-up keeps atime and mtime (fs/overlayfs/copy_up.c).
 * So, as long as the host's clock was not put back:
 *
 *   mtime after ctime    a process set it ahead
 *   mtime before birth   a process set it: a copy-up does so for a file of a lower layer, and then it is that one's;
 *                        whoever copies or unpacks files with their old times; and touch
 *   birth after ctime    cannot be: the clock was put back in between, unless the file was put there while its file
 *                        system was made
 *
 * What only touch explains is tagged `time_anomaly`, what copying and unpacking explain too is `time_set`: both are
 * facts, and the reason is one of the event's `facts`. Nothing separates a touch right after a file was written from
 * what tar does. */
#ifndef LT_CLOCK_FILETIMES_H
#define LT_CLOCK_FILETIMES_H

#include "overlay/change.h"

/* How an entry came to be where it is. */
enum lt_came {
    LT_CAME_SOMEHOW,  /* not known, or with its layer */
    LT_CAME_ANEW,     /* a process made it here */
    LT_CAME_BY_COPY,  /* it was copied up from a lower entry, and its contents are still the same */
    LT_CAME_BY_WRITE, /* the same, but its contents were changed in place */
};

/* What is known of an entry beside its event. */
struct lt_filetimes {
    enum lt_came came;
    const struct lt_node *lower; /* what it was copied from, or hides; NULL: nothing. Only its times are looked at */
    bool births;                 /* births are those of the files: see lt_births_kept() */
    bool same_mtime;             /* its contents differ from those of `lower`, though the mtime is the same */
};

/* Tag the event of an entry, and add the reasons to its facts. In `arena`. */
void lt_filetimes_check(struct lt_event *event, const struct lt_filetimes *times, struct lt_arena *arena);

/* The same for an entry of an rw layer whose event tells the change. `lower` is what lies below, or NULL. */
void lt_filetimes_check_rw(struct lt_ctx *ctx, struct lt_event *event, const struct lt_upper *upper,
                           const struct lt_lower *lower, bool births, struct lt_arena *arena);

/* Are the births in an rw layer or a volume of this root those of its files? Not if all was copied here: restored from
 * a backup, or collected by a copy. Then rw layers were born long after their containers were created. With a
 * container, which may be NULL, only that one counts if it is known. */
bool lt_births_kept(const struct lt_root *root, const struct lt_container *container);

/* Births after changes, which show when the host's clock was put back. For the whole of a host. */
struct lt_clock_steps;

/* Owned by the caller; `ctx` is borrowed. */
struct lt_clock_steps *lt_clock_steps_new(struct lt_ctx *ctx);
void lt_clock_steps_free(struct lt_clock_steps *steps);

/* The entries that follow lie below `path` of `fs`. */
void lt_clock_steps_enter(struct lt_clock_steps *steps, struct lt_fs *fs, struct lt_str path);

/* Look at one entry of the walk: if it shows a step, tag its event, with the reason. In `arena`. */
void lt_clock_steps_check(struct lt_clock_steps *steps, struct lt_event *event, struct lt_arena *arena);

/* Emit one event for each step: files whose times from ctime to birth overlap show the same one. */
enum lt_status lt_clock_steps_emit(struct lt_clock_steps *steps, struct lt_err *err);

#endif
