// SPDX-License-Identifier: Apache-2.0
/* --profile triage: what a responder reads first. It leaves out what the packages of images and the records of engines
 * fill a timeline with. What is left out is counted by reason, and said. */
#ifndef LT_TIMELINE_TRIAGE_H
#define LT_TIMELINE_TRIAGE_H

#include "model/inventory.h"

enum lt_triage {
#define TRIAGE(id, words) LT_TRIAGE_##id,
#include "timeline/triage.def"
#undef TRIAGE
    LT_TRIAGES /* also: it stays */
};

/* What is left out, in words: "files of image and init layers". */
extern const char *const lt_triage_words[LT_TRIAGES];

/* Why the profile leaves an event out. What anybody should see stays: what is tagged as planted, changed, deleted or
 * exposed. */
enum lt_triage lt_triage(const struct lt_event *event);

#endif
