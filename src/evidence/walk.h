// SPDX-License-Identifier: Apache-2.0
/* The recursive walk, the same for every kind of evidence: own stack, no depth limit of the C stack, nothing dropped
 * silently. */
#ifndef LT_EVIDENCE_WALK_H
#define LT_EVIDENCE_WALK_H

#include "evidence/fs.h"

struct lt_lister;

enum {
    LT_MAX_DEPTH = 4096,     /* directories inside each other, counted from the top of the walk */
    LT_MAX_PATH = 64 * 1024, /* bytes of a path: a kernel takes 4096 at once, and each row holds several paths */
};

/* What the walk reports; `arg` is passed through. */
struct lt_walk {
    struct lt_fs *fs;
    struct lt_arena *run;     /* keeps the lt_dir of each directory walked */
    struct lt_lister *lister; /* lists the directories, or NULL: see lister.h */
    bool cross_mounts;        /* enter other file systems that are mounted inside; else that is reported as failed */
    void *arg;
    /* `count` entries were read and will each be given to `entry` or `failed`. */
    void (*seen)(void *arg, size_t count);
    /* One entry. Any status but LT_OK ends the walk and is returned. */
    enum lt_status (*entry)(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err);
    /* Optional: may this directory, which was an entry, be walked? If not, that is no failure. */
    bool (*wanted)(void *arg, const struct lt_dir *dir, const struct lt_node *node);
    /* Optional: a directory below the top will be walked; its owner and place in the container may be set, which are
     * those of `parent` otherwise. */
    void (*enter)(void *arg, const struct lt_dir *parent, struct lt_dir *child);
    /* Something could not be read; `count` of the entries announced by `seen` are lost with it (0 or 1). */
    void (*failed)(void *arg, struct lt_str path, const struct lt_err *problem, size_t count);
};

/* Walk everything below the directory `top` (its name is its path), which itself is reported first, as an entry with an
 * empty name. The entries of a directory come in byte order of their names. `top` is kept by the events: allocate it in
 * the run arena; its ino, depth and path_len are set here. LT_END: there is nothing at that path. Other file systems
 * mounted inside are not entered, which is reported as failed. */
enum lt_status lt_walk(const struct lt_walk *walk, struct lt_dir *top, struct lt_err *err);

#endif
