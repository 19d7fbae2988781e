// SPDX-License-Identifier: Apache-2.0
/* From events to rows: the times of an event, whose clock made each, and how far it can be trusted. */
#ifndef LT_TIMELINE_NORMALISE_H
#define LT_TIMELINE_NORMALISE_H

#include "model/event.h"

/* Make the rows of `event`, at most LT_SLOTS, and return their number: one for each time that is set. With `merge`,
 * equal times share one row, whose `slots` has a bit for each. */
size_t lt_normalise(const struct lt_event *event, bool merge, struct lt_row rows[LT_SLOTS]);

/* Subtract `ahead`, the nanoseconds that the host's clock ran ahead, from the times of the event that this clock
 * made. */
void lt_correct_clock(struct lt_event *event, int64_t ahead);

#endif
