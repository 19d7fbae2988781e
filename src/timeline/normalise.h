// SPDX-License-Identifier: Apache-2.0
/* From events to rows: which times an event has, whose clock made each, and how far it can be trusted. */
#ifndef LT_TIMELINE_NORMALISE_H
#define LT_TIMELINE_NORMALISE_H

#include "model/event.h"

/* Make the rows of `event`, at most LT_SLOTS, and return their number: one for each time that is set; with `merge` one
 * for each different time, its `slots` telling which ones fall together. */
size_t lt_normalise(const struct lt_event *event, bool merge, struct lt_row rows[LT_SLOTS]);

/* Take away what the host's clock ran `ahead`, in nanoseconds, from those times of the event that it made. */
void lt_correct_clock(struct lt_event *event, int64_t ahead);

#endif
