// SPDX-License-Identifier: Apache-2.0
/* The container runtimes that are known: one folder here plus one line in runtimes.def each, which is the map of the
 * folders. They do not know of each other; what several runtimes share lies in rooms below.
 *
 *   runtimes.c     the table
 */
#ifndef LT_RUNTIME_RUNTIMES_H
#define LT_RUNTIME_RUNTIMES_H

#include "model/runtime.h"

/* Made from runtimes.def; ended by NULL. */
extern const struct lt_runtime *const lt_runtimes[];

/* Append "Docker, X or Y": the titles of all, with what a store of each is called if `stores`. */
void lt_runtimes_list(struct lt_buf *out, bool stores);

/* May some runtime name a container so, in full? */
bool lt_is_container_id(struct lt_str text);

#endif
