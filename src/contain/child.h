// SPDX-License-Identifier: Apache-2.0
/* A library in a process of its own, seen from the process that asks it. What hostile evidence does to the library
 * ends that process, and is an error of what was asked for. Without a helper, which starts such processes, the library
 * is called in this one. */
#ifndef LT_CONTAIN_CHILD_H
#define LT_CONTAIN_CHILD_H

#include "base/err.h"
#include "contain/helper.h"
#include "contain/peer.h"

struct lt_child {
    const struct lt_library *library;
    const struct lt_helper *helper; /* that started the process; NULL: there is none */
    pid_t pid;
    struct lt_peer peer;  /* our side */
    struct lt_peer inner; /* the other side, where the library is called in this process */
    void *state;          /* of the library, likewise */
    struct lt_err ended;  /* set: what became of it */
};

struct lt_child_args {
    const struct lt_helper *helper; /* NULL, or one that does not run: the library is called in this process */
    int readable;                   /* the files that it may open: see struct lt_helper_args; -1: none */
    int copy;                       /* the number of a copy that the helper made, for it to read; -1: none */
    int fd;                         /* the same file here; -1: none. Borrowed until the end */
    lt_answer *answer;              /* what it may ask back; NULL: nothing */
    void *arg;                      /* for `answer` */
};

/* Start it. Keep `child` where it is, and end it with lt_child_end(), also after a failure, and also if it is all
 * zeros. LT_SKIP: there can be no process. */
enum lt_status lt_child_start(struct lt_child *child, const struct lt_library *library,
                              const struct lt_child_args *args, struct lt_err *err);

/* Ask it. The answer is borrowed until the next question. LT_SKIP: it refuses, or has ended; `err` says why. */
enum lt_status lt_child_ask(struct lt_child *child, const struct lt_buf *question, struct lt_message *answer,
                            struct lt_err *err);

/* An answer does not hold what it must: no more is asked. Returns LT_SKIP. */
enum lt_status lt_child_distrust(struct lt_child *child, struct lt_err *err);

/* End it, and free what it holds. */
void lt_child_end(struct lt_child *child);

#endif
