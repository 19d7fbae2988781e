// SPDX-License-Identifier: Apache-2.0
/* A stack of directories to list. Where the file system allows it (list_ahead), threads list ahead the directories that
 * will be taken next. A cold disk then gets several requests at a time, and with a warm cache all cores work. What is
 * taken, and in which order, does not depend on the threads. */
#ifndef LT_EVIDENCE_LISTER_H
#define LT_EVIDENCE_LISTER_H

#include "evidence/fs.h"

enum {
    LT_MAX_THREADS = 64,
    LT_DEFAULT_THREADS = 8, /* requests to a cold disk at a time; measured to be best, however many cores there are */
};

struct lt_lister;

/* A lister with `threads` threads, the caller's included. The others are started when there is work for them. The
 * caller owns it, uses it from one thread, and ends it with lt_lister_free(). */
struct lt_lister *lt_lister_new(unsigned threads);
void lt_lister_free(struct lt_lister *lister);

/* Begin to list directories of `fs`, with an empty stack. */
void lt_lister_begin(struct lt_lister *lister, struct lt_fs *fs);

/* Put `dir` on top of the stack. All its fields must be set, and it must live until lt_lister_end(). */
void lt_lister_push(struct lt_lister *lister, const struct lt_dir *dir);

/* Take the directory on top, and its listing, which is borrowed until the next call. See lt_fs_ops.list for `problem`.
 * NULL: the stack is empty. */
const struct lt_dir *lt_lister_next(struct lt_lister *lister, struct lt_listing *out, struct lt_err *problem);

/* Forget what is left on the stack, and wait for listings that threads are working on. */
void lt_lister_end(struct lt_lister *lister);

#endif
