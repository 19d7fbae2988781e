// SPDX-License-Identifier: Apache-2.0
/* Which events and rows the user asked for. */
#ifndef LT_TIMELINE_FILTER_H
#define LT_TIMELINE_FILTER_H

#include "run/options.h"

/* How `which`, the argument of -c, fits this container: LT_FIT_WHOLE by its whole ID or name, or by either after its
 * namespace of containerd and a slash; LT_FIT_POD by the namespace and name of its pod, or the name of its pod and its
 * own, with a slash between them; LT_FIT_PREFIX by the beginning of its ID; LT_FIT_PATTERN by a shell pattern over
 * those names. */
enum lt_fit lt_filter_fit(const char *which, const struct lt_container *container);

/* Does -c mean this container? It fits at least as well as options->container_fit. */
bool lt_filter_container(const struct lt_options *options, const struct lt_container *container);

/* Do --role, -c, --no-infra, --no-deleted and the choice let the event pass? Rows of an image layer or a volume belong
 * to each of its users. */
bool lt_filter_event(const struct lt_options *options, const struct lt_event *event);

/* Does `time` of the event lie in the window of --since and --until? Of an event with bounds, any part of the interval
 * may lie there; a bound that is not known excludes nothing. */
bool lt_filter_time(const struct lt_options *options, const struct lt_event *event, struct lt_time time);

#endif
