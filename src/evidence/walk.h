// SPDX-License-Identifier: Apache-2.0
/* The walk through a whole tree, the same for every kind of evidence. It has a stack of its own, so the C stack does
 * not limit the depth, and it drops nothing silently. */
#ifndef LT_EVIDENCE_WALK_H
#define LT_EVIDENCE_WALK_H

#include "evidence/fs.h"

struct lt_lister;

enum {
    LT_MAX_DEPTH = 4096,     /* of directories inside each other, counted from the top of the walk */
    LT_MAX_PATH = 64 * 1024, /* bytes; a kernel takes 4096 at once, and each row holds several paths */
};

/* What the walk reports; `arg` is passed through. */
struct lt_walk {
    struct lt_fs *fs;
    struct lt_arena *run;     /* holds the lt_dir of each directory walked */
    struct lt_lister *lister; /* lists the directories; NULL: a lister without threads is made. See lister.h */
    bool any_top;             /* the top need not be a directory */
    void *arg;
    /* `count` entries were read. Each of them will be given to `entry` or `failed`. */
    void (*seen)(void *arg, size_t count);
    /* One entry. If this returns anything but LT_OK, the walk ends with this status. */
    enum lt_status (*entry)(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err);
    /* Optional: shall this directory, which was an entry before, be walked? If not, that is no failure. */
    bool (*wanted)(void *arg, const struct lt_dir *dir, const struct lt_node *node);
    /* Optional: shall the walk enter the file system that is mounted at this directory? If not, that is a failure. */
    bool (*crosses)(void *arg, const struct lt_dir *dir, const struct lt_node *node);
    /* Optional: a directory below the top will be walked. Its owner and place in the container are those of `parent`;
     * they may be changed here. */
    void (*enter)(void *arg, const struct lt_dir *parent, struct lt_dir *child);
    /* Something could not be read. `count` (0 or 1) of the entries announced by `seen` are lost with it. */
    void (*failed)(void *arg, struct lt_str path, const struct lt_err *problem, size_t count);
};

/* Walk everything below the directory `top`, whose name is its path. It is reported first itself, as an entry with an
 * empty name; unless `any_top`, something else there is a failure, too. The entries of a directory come in byte order
 * of their names. Events keep `top`, so allocate it in the run arena. Its ino, depth, path_len and times are set here.
 * LT_END: there is nothing at that path. */
enum lt_status lt_walk(const struct lt_walk *walk, struct lt_dir *top, struct lt_err *err);

#endif
