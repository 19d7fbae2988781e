// SPDX-License-Identifier: Apache-2.0
/* --tag, --change, --kind, --path, --image and --label: which events the user asked for, by what they say. */
#ifndef LT_TIMELINE_CHOICE_H
#define LT_TIMELINE_CHOICE_H

#include "model/inventory.h"
#include "run/options.h"

/* Tags that depend on the row and are set when it is written. */
#define LT_ROW_TAGS                                                                                                    \
    (LT_TAG_BIT(clock_skewed) | LT_TAG_BIT(time_future) | LT_TAG_BIT(time_anomaly) | LT_TAG_BIT(time_constant))

/* Does the pattern of --path fit the path, or a directory above it? */
bool lt_choice_path(const char *pattern, struct lt_str path);

/* Does the event pass? If the user asked for one of LT_ROW_TAGS, only its rows can tell: see lt_choice_tags(). */
bool lt_choice_event(const struct lt_choice *choice, const struct lt_event *event);

/* Does a row with these tags pass? */
bool lt_choice_tags(const struct lt_choice *choice, lt_tags tags);

/* Does the choice name an image or a label that exists? LT_SKIP with LT_CODE_USAGE if not: a typing error must not look
 * like a host without a past. */
enum lt_status lt_choice_check(const struct lt_choice *choice, const struct lt_inventory *inventory,
                               struct lt_err *err);

#endif
