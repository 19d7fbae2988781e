// SPDX-License-Identifier: Apache-2.0
/* The last sign that a container lived before a daemon found it dead. All rows of its own pass by; the last one that
 * its life or its daemon must have left is the sign. */
#ifndef LT_MODEL_LIFE_H
#define LT_MODEL_LIFE_H

#include "model/inventory.h"

/* Take the event, which is tagged, as a sign of life of the container that owns it, if it is one and later than those
 * before: a line of its log, a probe, its start, a file that was changed or made in its layer, in a volume that
 * it alone uses, or among its records. Only
 * what the kernel or the daemon of the host dated counts, not what a process may set, nor times that are inferred or
 * have bounds. Lines of daemons do not count: they name containers after their end, too. */
void lt_life_note(const struct lt_event *event);

#endif
