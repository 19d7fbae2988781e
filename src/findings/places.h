// SPDX-License-Identifier: Apache-2.0
/* Paths that mean something on any Linux system. */
#ifndef LT_FINDINGS_PLACES_H
#define LT_FINDINGS_PLACES_H

#include "base/str.h"

enum lt_place {
    LT_PLACE_ANY,
    LT_PLACE_START, /* all places whose files are started, or decide who is let in */
    LT_PLACE_PRELOAD,
    LT_PLACE_CRON,
    LT_PLACE_KEY,
    LT_PLACE_SIGN_IN,
    LT_PLACE_ACCOUNT,
    LT_PLACE_SERVICE,
    LT_PLACE_SHELL_START,
    LT_PLACE_HISTORY,
    LT_PLACE_LOG,
    LT_PLACES
};

/* The places at which `path` lies, as a system sees it ("/etc/crontab"): bits 1 << enum lt_place. */
unsigned lt_places_of(struct lt_str path);

#endif
