// SPDX-License-Identifier: Apache-2.0
/* When containers may have run: from the state that is recorded of those that exist, and from the traces of those that
 * were removed. The spans are wide: a container did not run outside of its span, but it may have been stopped and
 * started again within. */
#ifndef LT_MODEL_LIVES_H
#define LT_MODEL_LIVES_H

#include "model/inventory.h"

/* What a trace of a container says. */
enum lt_trace { LT_TRACE_LIFE, LT_TRACE_START, LT_TRACE_END };

/* There is a trace of a removed container, from that time, which may be unset. */
void lt_container_met(struct lt_container *container, struct lt_time time, enum lt_trace trace);

/* When the container may have run: from its creation, or the first trace of it, to its last end. */
struct lt_span lt_container_span(const struct lt_container *container);

/* Does the time lie in the span? The kernel dates files by its last tick, so a file may seem a hundredth of a second
 * older than it is. False for a time that is unset. */
bool lt_span_has(const struct lt_span *span, struct lt_time time);

/* Sort the spans (of struct lt_span *), and make one of those that touch. */
void lt_spans_merge(struct lt_list *spans);

#endif
