// SPDX-License-Identifier: Apache-2.0
/* Temporary files. They have no name, so nothing is left of them however the program ends, and nobody else can open
 * them. */
#ifndef LT_BASE_TEMPORARY_H
#define LT_BASE_TEMPORARY_H

#include "base/err.h"

#include <stddef.h>

/* The directory of temporary files: $TMPDIR, else /tmp. */
const char *lt_temporary_directory(void);

/* Open one for reading and writing. Returns a descriptor that the caller closes, or -1 with LT_FATAL and the reason in
 * `err`. */
int lt_temporary_open(struct lt_err *err);

/* The same in another directory. -1 with errno. */
int lt_temporary_open_in(const char *directory);

/* Create a file with a name in lt_temporary_directory(), for a library that refuses nameless ones. `path` gets its
 * path, which the caller unlinks. Returns a descriptor for reading and writing, or -1 with errno. */
int lt_temporary_named(char *path, size_t size);

#endif
