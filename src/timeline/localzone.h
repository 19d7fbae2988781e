// SPDX-License-Identifier: Apache-2.0
/* Time zones of the machine that runs layertime, for --timezone only. Zones of the evidence come from its own files. */
#ifndef LT_TIMELINE_LOCALZONE_H
#define LT_TIMELINE_LOCALZONE_H

#include "parse/tzif.h"

/* Load the zone `name` ("Europe/Berlin", "UTC") from this machine's tz database, or parse it as a POSIX zone
 * ("<+01>-1"). The bytes of the file live in `arena`. LT_SKIP (LT_CODE_USAGE): there is no such zone. */
enum lt_status lt_localzone_load(const char *name, struct lt_arena *arena, struct lt_zone *out, struct lt_err *err);

#endif
