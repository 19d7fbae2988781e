// SPDX-License-Identifier: Apache-2.0
/* The search for stores wherever they lie: one pass over the names of directories. */
#ifndef LT_READ_SEARCH_H
#define LT_READ_SEARCH_H

#include "read/discover.h"

enum { LT_MOST_NAMES = 64 * 1024 * 1024 }; /* in one pass */

/* Takes a directory that may be a store: a name that marks one was met in it, or it has such a name. True: what is in
 * `*done`, which is the directory itself unless it is changed, is not searched any more. */
typedef bool lt_take_place(struct lt_discovery *discovery, struct lt_str path, struct lt_str *done);

/* Search the directory at `path` of ctx->fs, and all below it. Stores that are known are left out, as are directories
 * that are on no disk. With `report`, directories that cannot be read are reported, as one item. When `most` names were
 * looked at, the search ends, which is reported. */
void lt_search(const struct lt_discovery *discovery, struct lt_str path, uint64_t most, lt_take_place *take,
               bool report);

#endif
