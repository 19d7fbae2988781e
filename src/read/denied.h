// SPDX-License-Identifier: Apache-2.0
/* What a mounted host does not show to a user other than root. On stderr that is one line at the end of a run; the
 * error list has each item. */
#ifndef LT_READ_DENIED_H
#define LT_READ_DENIED_H

#include "base/list.h"

#include <stdint.h>

/* Initialise with zeros. */
struct lt_denied {
    struct lt_list places; /* of struct place *: see denied.c */
    uint64_t count;        /* of items */
    bool attributes;       /* the kernel hides the attributes of overlay */
};

/* Does the system refuse this because the program does not run as root? `sys` is an errno. */
bool lt_is_denied(int sys);

/* Count an item. Its place is kept in `arena`. */
void lt_denied_add(struct lt_denied *denied, struct lt_arena *arena, struct lt_str path);

/* Append what is missing and what helps, for people. Nothing if nothing was denied. `listed`: there is a list of
 * errors.
 */
void lt_denied_describe(struct lt_buf *out, const struct lt_denied *denied, bool listed);

#endif
