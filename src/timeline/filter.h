// SPDX-License-Identifier: Apache-2.0
/* What the user asked to see. */
#ifndef LT_TIMELINE_FILTER_H
#define LT_TIMELINE_FILTER_H

#include "run/options.h"

/* Is WHICH of -c the whole ID or name of this container? */
bool lt_filter_exact(const char *which, const struct lt_container *container);

/* Does -c mean this container? By whole ID or name; if there is none such (container_exact), by ID prefix or shell
 * pattern over the name. */
bool lt_filter_container(const struct lt_options *options, const struct lt_container *container);

/* Do --role, -c and --no-deleted let the event through? Rows of an image layer or a volume belong to each of its users.
 */
bool lt_filter_event(const struct lt_options *options, const struct lt_event *event);

/* Is the time, or some part of an interval, in the window of --since and --until? */
bool lt_filter_time(const struct lt_options *options, struct lt_time first, struct lt_time last);

#endif
