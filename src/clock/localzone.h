// SPDX-License-Identifier: Apache-2.0
/* Time zones of the machine that runs layertime. They are for --timezone, and for what the manifest says of rules that
 * nothing in the evidence names. No row has them: another machine has another database. */
#ifndef LT_CLOCK_LOCALZONE_H
#define LT_CLOCK_LOCALZONE_H

#include "base/list.h"
#include "parse/tzif.h"

/* Load the zone `name` ("Europe/Berlin", "UTC") from this machine's tz database, or parse it as a POSIX zone
 * ("<+01>-1"). The bytes of the file live in `arena`. `*file`, which may be NULL, is its path, "" if there is none.
 * LT_SKIP (LT_CODE_USAGE): there is no such zone. */
enum lt_status lt_localzone_load(const char *name, struct lt_arena *arena, struct lt_zone *out, struct lt_str *file,
                                 struct lt_err *err);

/* This machine's tz database. */
struct lt_localzone_database {
    struct lt_str path;    /* of its directory; "": there is none */
    struct lt_str version; /* such as "2025b"; "unknown" if it does not say */
    bool loaded;
    struct lt_list zones; /* of struct named *, if loaded: see localzone.c */
};

/* Find it, without its zones. Its strings live in `arena`. */
struct lt_localzone_database lt_localzone_database(struct lt_arena *arena);

/* Append the names of all its zones with the same rules to `names`, as struct lt_str * in byte order. The zones are
 * loaded into `arena` by the first call. */
void lt_localzone_names(struct lt_localzone_database *database, const struct lt_zone *rules, struct lt_arena *arena,
                        struct lt_list *names);

#endif
