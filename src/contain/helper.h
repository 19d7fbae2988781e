// SPDX-License-Identifier: Apache-2.0
/* A small process outside of the sandbox. It does the few things that the sandbox forbids: it gives outputs their
 * names, removes temporary files, and makes the copies that libsystemd needs. It is told which, by a byte and a number,
 * and nothing else: all paths were fixed before. It never reads evidence. When its parent ends in whatever way, it
 * removes what is unfinished, and ends too. */
#ifndef LT_CONTAIN_HELPER_H
#define LT_CONTAIN_HELPER_H

#include "base/output.h"

#include <sys/types.h>

struct lt_helper {
    int socket; /* -1: there is no helper */
    pid_t pid;
    struct lt_namer namer;
};

/* Start it for `outputs`, which name and remove their files through it from now on. `copies`: it makes copies in
 * lt_temporary_directory(). Call it before the first thread, and keep `helper` where it is. False, with errno: it
 * cannot be started, and nothing has changed. */
bool lt_helper_start(struct lt_helper *helper, struct lt_output *const *outputs, size_t count, bool copies);

/* A new file for a copy, open for reading and writing, with a name as long as it is not dropped. -1, with errno: none
 * can be made. `*number` is for lt_helper_drop(), which removes the file and leaves the descriptor to its owner. */
int lt_helper_copy(const struct lt_helper *helper, int *number);
void lt_helper_drop(const struct lt_helper *helper, int number);

/* Let it end, and wait until it has. Harmless without a helper. */
void lt_helper_end(struct lt_helper *helper);

#endif
