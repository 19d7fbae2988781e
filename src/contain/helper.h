// SPDX-License-Identifier: Apache-2.0
/* A small process outside of the sandbox. It does the few things that the sandbox forbids: it gives outputs their
 * names, removes temporary files, makes the copies that libsystemd needs, starts processes for libraries, and writes
 * files below a directory. It is told which by a few numbers: all paths were fixed before but for those of the last
 * kind, which it does not believe (contain/tree.h). It never reads evidence. When its parent ends in whatever way, it
 * removes what is unfinished, and ends too, with all that it started. */
#ifndef LT_CONTAIN_HELPER_H
#define LT_CONTAIN_HELPER_H

#include "base/list.h"
#include "base/output.h"

#include <sys/types.h>

struct lt_library;

struct lt_helper {
    int socket; /* -1: there is no helper */
    pid_t pid;
    const struct lt_library *const *libraries; /* those of lt_helper_args */
    struct lt_namer namer;
};

struct lt_helper_args {
    struct lt_output *const *outputs; /* name and remove their files through the helper from now on */
    size_t count;
    bool copies;                               /* it makes copies in lt_temporary_directory() */
    const struct lt_library *const *libraries; /* NULL-terminated: what it can start; NULL: nothing */
    const struct lt_list *const *readable;     /* of struct lt_str *: files that such a process may read */
    bool has_tree;                             /* it makes files below `tree`, a directory */
    int tree;
    size_t readable_count;
};

/* Start it. Call it before the first thread, and keep `helper` where it is. What `args` points to is copied. False,
 * with errno: it cannot be started, and nothing has changed. */
bool lt_helper_start(struct lt_helper *helper, const struct lt_helper_args *args);

/* A new file for a copy, open for reading and writing, with a name as long as it is not dropped. -1, with errno: none
 * can be made. `*number` is for lt_helper_drop(), which removes the file and leaves the descriptor to its owner. */
int lt_helper_copy(const struct lt_helper *helper, int *number);
void lt_helper_drop(const struct lt_helper *helper, int number);

/* A process that runs `library` (contain/library.h), and may read `readable`, a number in lt_helper_args.readable, and
 * the copy `copy`; -1: none. Returns the socket to it, or -1, with errno. */
int lt_helper_child(const struct lt_helper *helper, const struct lt_library *library, int readable, int copy,
                    pid_t *pid);
/* End such a process. Returns what waitpid() told of it: it may have ended before. */
int lt_helper_bury(const struct lt_helper *helper, pid_t pid);

/* As lt_tree_begin(), lt_tree_give_name() and lt_tree_open(), below lt_helper_args.tree. What is unfinished when the
 * helper ends is removed. */
int lt_helper_begin_file(const struct lt_helper *helper);
int lt_helper_name_file(const struct lt_helper *helper, const char *path);
int lt_helper_open_file(const struct lt_helper *helper, const char *path);

/* Let it end, and wait until it has. Harmless without a helper. */
void lt_helper_end(struct lt_helper *helper);

#endif
