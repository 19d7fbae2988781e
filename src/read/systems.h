// SPDX-License-Identifier: Apache-2.0
/* Directories that are the root of an installed system. */
#ifndef LT_READ_SYSTEMS_H
#define LT_READ_SYSTEMS_H

#include "evidence/fs.h"

/* Is the directory `path` of a file system the root of an installed system? */
bool lt_is_system(struct lt_fs *fs, struct lt_str path, struct lt_arena *scratch);

#endif
