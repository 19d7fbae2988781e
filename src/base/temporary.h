// SPDX-License-Identifier: Apache-2.0
/* Temporary files. They have no name, so that nothing is left of them however the program ends, and nobody else can
 * open them. */
#ifndef LT_BASE_TEMPORARY_H
#define LT_BASE_TEMPORARY_H

#include "base/err.h"

/* Where temporary files go: $TMPDIR, else /tmp. */
const char *lt_temporary_directory(void);

/* Open one for reading and writing: a descriptor that the caller closes. -1: LT_FATAL and why in `err`. */
int lt_temporary_open(struct lt_err *err);

#endif
