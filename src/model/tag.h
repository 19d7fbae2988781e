// SPDX-License-Identifier: Apache-2.0
/* Words that make rows easy to find. A tag states a fact and accuses nobody. */
#ifndef LT_MODEL_TAG_H
#define LT_MODEL_TAG_H

#include "model/event.h"

/* Add the tags that follow from the owner and the file of `event`. */
void lt_tag(struct lt_event *event);

#endif
