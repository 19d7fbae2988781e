// SPDX-License-Identifier: Apache-2.0
/* A set of log lines, each known by its time and a sum of its text. So that a line which lies in several places is told
 * once, those in free blocks are noted here before any log is read. */
#ifndef LT_RUNTIME_KNOWN_LINES_H
#define LT_RUNTIME_KNOWN_LINES_H

#include "base/clock.h"
#include "base/crc64.h"
#include "base/map.h"

struct lt_known_lines {
    struct lt_arena *arena; /* borrowed */
    struct lt_crc64 sums;
    struct lt_map map; /* key -> struct line * */
};

/* Begin with none. What is noted goes to `arena`. */
void lt_known_lines_init(struct lt_known_lines *lines, struct lt_arena *arena);

/* Note a line that is still to be told. False: there are too many. */
bool lt_known_lines_note(struct lt_known_lines *lines, struct lt_time time, struct lt_str text);

/* Was the line noted, and not told yet? It counts as told from now on. */
bool lt_known_lines_take(struct lt_known_lines *lines, struct lt_time time, struct lt_str text);

#endif
