// SPDX-License-Identifier: Apache-2.0
/* The sandbox: what an error in a library or in a reader, met by hostile evidence, can do to the machine. It is entered
 * when everything is open that will be written, and before the evidence is read. The map of this room:
 *
 *   contain.c       puts the levels together
 *   landlock.c      which files can still be opened: for reading, those of the evidence and of the tz database
 *   capabilities.c  which rights of root are left
 *   filter.c        which calls of the kernel are left; all that knows libseccomp
 *   peer.c          how two processes ask each other, in the words of message.h
 *   library.c       a process for a library, in a sandbox of its own
 *   helper.c        a process outside of the sandbox that gives outputs their names, and starts those processes; it
 *                   never reads evidence
 *   child.c         a process for a library, seen from the one that asks it
 *   tree.c          new files below a directory, which the helper creates: where recovered files go
 */
#ifndef LT_CONTAIN_CONTAIN_H
#define LT_CONTAIN_CONTAIN_H

#include "base/list.h"

/* What is in force. */
struct lt_contained {
    bool entered;
    bool late;             /* the stores of a live host were found before */
    bool no_new_privs;     /* a program that is executed gets no more rights than we have */
    int landlock;          /* version of the interface; 0: none */
    bool dropped;          /* the rights of root are given up but for these: */
    uint64_t capabilities; /* a bit for each */
    bool filtered;         /* calls of the kernel are filtered */
    bool apart;            /* libtsk and libsystemd run in processes of their own */
    struct lt_buf lacks;   /* owned; what this machine does not have: "Landlock, seccomp" */
};

struct lt_contain_args {
    const struct lt_list *readable; /* of struct lt_str *: files and directories of the evidence, NUL-terminated */
    bool directories;               /* there are directories among the evidence */
    bool bare;                      /* nothing of this machine is to be read, not even its tz database */
};

/* Enter the sandbox, for this thread and those that it starts. There is no way back. What the kernel lacks is left out
 * and said in `out`: added to out->lacks, which is to be freed with lt_buf_free(). */
void lt_contain_enter(const struct lt_contain_args *args, struct lt_contained *out);

/* What the kernel and this build offer, as text for --version. */
void lt_contain_describe(struct lt_buf *out);

#endif
