// SPDX-License-Identifier: Apache-2.0
/* A library that is not trusted with hostile bytes, as a process of its own runs it. */
#ifndef LT_CONTAIN_LIBRARY_H
#define LT_CONTAIN_LIBRARY_H

#include "base/list.h"
#include "contain/peer.h"

struct lt_library {
    const char *name; /* for messages: "image reader" */
    /* Begin. `parent` may be asked back as long as it is being answered. `fd` is a file to read, or -1; it belongs to
     * the caller, and is open until the end. Returns the state. */
    void *(*begin)(struct lt_peer *parent, int fd);
    lt_answer *answer; /* its `arg` is the state */
    void (*end)(void *state);
};

/* What the process may read. */
struct lt_library_args {
    int socket;                     /* to its parent */
    int fd;                         /* for begin() */
    const struct lt_list *readable; /* of struct lt_str *: the paths that can still be opened */
};

/* Be that process, in a sandbox, until the parent goes away. A question that takes more than a minute of processor time
 * ends it. */
_Noreturn void lt_library_run(const struct lt_library *library, const struct lt_library_args *args);

#endif
