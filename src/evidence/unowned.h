// SPDX-License-Identifier: Apache-2.0
/* Blocks that no file owns today, which still hold what was written there last: lt_fs_ops.unowned. */
#ifndef LT_EVIDENCE_UNOWNED_H
#define LT_EVIDENCE_UNOWNED_H

#include "evidence/fs.h"

/* A run of such blocks, in bytes of the file system; `at` and `size` are multiples of `block`. */
struct lt_unowned {
    uint64_t at, size;
    uint32_t block;
};

/* Takes one run. Anything but LT_OK ends the search. */
typedef enum lt_status lt_each_unowned(void *arg, const struct lt_unowned *run, struct lt_err *err);

#endif
