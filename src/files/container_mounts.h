// SPDX-License-Identifier: Apache-2.0
/* What lies where a container mounts something over its layers. */
#ifndef LT_FILES_CONTAINER_MOUNTS_H
#define LT_FILES_CONTAINER_MOUNTS_H

#include "overlay/lookup.h"

/* The mounts of `container` by their places in it, as struct lt_mounted * in `arena`. Volumes, binds and the files that
 * the runtime mounts are looked up in the evidence; what is not there has no `fs`. A place is resolved as the runtime
 * does when it mounts there: links on the way are followed in the container, and what is mounted above counts. Problems
 * are not reported: whoever looks into a mount is told. */
struct lt_map lt_container_mounts(struct lt_lower_reader *reader, const struct lt_container *container,
                                  struct lt_arena *arena);

#endif
