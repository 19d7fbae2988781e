// SPDX-License-Identifier: Apache-2.0
/* An event whose text is too long for one value continues in further rows: OpenSearch keeps no term of more than 32,766
 * bytes (Lucene's IndexWriter.MAX_TERM_LENGTH), a cell of a spreadsheet holds 32,767 characters. */
#ifndef LT_TIMELINE_PARTS_H
#define LT_TIMELINE_PARTS_H

#include "model/event.h"

struct lt_parts {
    const struct lt_event *event; /* borrowed */
    struct lt_attr *rest;         /* its attributes, without what earlier parts hold */
    size_t count, done;
};

/* Begin to split `event`. `count` is 1 for nearly all events. Lists of the parts live in `arena`. */
struct lt_parts lt_parts_of(const struct lt_event *event, struct lt_arena *arena);

/* The next part: the event itself, or a copy with the next piece of each long text and a fact "2 of 5". Short texts are
 * in every part. False: there are no more. */
bool lt_parts_next(struct lt_parts *parts, struct lt_arena *arena, struct lt_event *out);

#endif
