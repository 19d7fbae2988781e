// SPDX-License-Identifier: Apache-2.0
/* Which events and rows the user asked for. */
#ifndef LT_TIMELINE_FILTER_H
#define LT_TIMELINE_FILTER_H

#include "run/options.h"

/* Is `which`, the argument of -c, the whole ID or name of this container? */
bool lt_filter_exact(const char *which, const struct lt_container *container);

/* Does -c mean this container? It matches by whole ID or name; if no container has that (container_exact unset), by ID
 * prefix or by shell pattern over the name. */
bool lt_filter_container(const struct lt_options *options, const struct lt_container *container);

/* Do --role, -c and --no-deleted let the event pass? Rows of an image layer or a volume belong to each of its users. */
bool lt_filter_event(const struct lt_options *options, const struct lt_event *event);

/* Does the time, or part of the interval, lie in the window of --since and --until? */
bool lt_filter_time(const struct lt_options *options, struct lt_time first, struct lt_time last);

#endif
