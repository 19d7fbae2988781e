// SPDX-License-Identifier: Apache-2.0
/* A stack of directories to list. Where the file system allows it (list_ahead), threads list ahead those that will be
 * taken next, so that a cold disk has several requests at a time and both cores of a warm one work. What is taken, and
 * in which order, does not depend on them. */
#ifndef LT_EVIDENCE_LISTER_H
#define LT_EVIDENCE_LISTER_H

#include "evidence/fs.h"

enum {
    LT_MAX_THREADS = 64,
    LT_DEFAULT_THREADS = 8, /* requests that a cold disk works on at a time; measured best, whatever the cores */
};

struct lt_lister;

/* A lister of `threads` threads, the caller's included: others are started once there is work for them. Owned by the
 * caller, who uses it from one thread. */
struct lt_lister *lt_lister_new(unsigned threads);
void lt_lister_free(struct lt_lister *lister);

/* Begin to list directories of `fs`: the stack is empty. */
void lt_lister_begin(struct lt_lister *lister, struct lt_fs *fs);

/* Put `dir` on top of the stack; it must be complete, and live until lt_lister_end(). */
void lt_lister_push(struct lt_lister *lister, const struct lt_dir *dir);

/* Take the directory on top and its listing, which is lent until the next call; see lt_fs_ops.list for `problem`. NULL
 * when the stack is empty. */
const struct lt_dir *lt_lister_next(struct lt_lister *lister, struct lt_listing *out, struct lt_err *problem);

/* Forget what is left on the stack, and wait for the listings under way. */
void lt_lister_end(struct lt_lister *lister);

#endif
