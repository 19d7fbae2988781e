// SPDX-License-Identifier: Apache-2.0
/* What can be read of a text that was meant as JSON and is none: with comments (#, //, and C's), commas too many or too
 * few, single quotes, quotes that are not closed, an end that is missing. For settings that somebody edited by hand. */
#ifndef LT_PARSE_LOOSEJSON_H
#define LT_PARSE_LOOSEJSON_H

#include "base/str.h"

/* Initialise `rest` with the text. */
struct lt_loose_json {
    struct lt_str rest, key; /* key: the last one, "" before the first */
    unsigned depth;          /* of braces and brackets that are open */
};

struct lt_loose_member {
    struct lt_str key, value; /* in the arena */
    unsigned depth;           /* at most 1: at the top */
};

/* The next string that stands where a value may, with the last key before it. A string ends at its line at the latest.
 * Of escapes, \/ \\ \" and \' are decoded. False: there are no more. */
bool lt_loose_next(struct lt_loose_json *json, struct lt_arena *arena, struct lt_loose_member *out);

#endif
