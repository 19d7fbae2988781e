// SPDX-License-Identifier: Apache-2.0
/* Times that the host's clock shows only while it is behind. A board without a battery starts in 1970, or at the time
 * at which its system was built or last written, and stays there until somebody sets its clock. What happens until then
 * gets such times, from the kernel and from the daemons alike. */
#ifndef LT_CLOCK_FLOOR_H
#define LT_CLOCK_FLOOR_H

#include "model/inventory.h"

/* Nothing happened before `time`, by a clock that is right. */
struct lt_floor {
    struct lt_time time;
    const char *what;    /* static: what came first, "its image was built" */
    struct lt_time when; /* when that was: later than `time` by some slack, since clocks differ. Unset: long ago */
};

/* The floor of what belongs to a container alone. Nobody ran a container before 2013, and none is older than
 *
 *   its image      by the builder's clock, if it is surely the one that it was made from. The slack is a day if the
 *                  image came here after it was built. Else the builder's clock may have been ahead, and it is a year
 *   its layers     if it says to be older than the topmost, and births are those of the files
 *   itself         by three years, since logs may be put in its place. A day, if the caller knows that the time comes
 *                  after that of the creation (`created`)
 *
 * When the image last came here proves nothing: it may have been pulled again. Nor does what is more than a day later
 * than `newest`, the newest time that the host's clock is known to have shown; unset: not known. */
struct lt_floor lt_floor_of_container(const struct lt_container *container, bool created, struct lt_time newest);

/* Is `time`, which the host's clock gave to an event, too early? If so, `*floor` is what it is below. The time of a
 * file is so only if its birth or ctime is, which no process can set. `time` is as on the disk, whatever the event
 * says. */
bool lt_floor_breaks(const struct lt_event *event, struct lt_time time, struct lt_time newest, struct lt_floor *floor);

/* Append why a time below the floor is wrong: "before its image was built, 2026-...: the host's clock was behind". */
void lt_floor_explain(struct lt_buf *out, const struct lt_floor *floor);

#endif
