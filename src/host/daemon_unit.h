// SPDX-License-Identifier: Apache-2.0
/* Units as systemd loads them (man 5 systemd.unit, "Unit File Load Path"; systemd src/basic/path-lookup.c,
 * src/shared/dropin.c, v252). The first directory that has the unit's file counts. A link to /dev/null or an empty file
 * masks the unit. Then come the drop-ins in NAME.d and TYPE.d of all directories, sorted by name; of two with the same
 * name the first one found counts, NAME.d before TYPE.d. An empty assignment revokes earlier ones of the same key. */
#ifndef LT_HOST_DAEMON_UNIT_H
#define LT_HOST_DAEMON_UNIT_H

#include "host/daemon_settings.h"

/* One assignment of a unit. */
struct lt_unit_setting {
    struct lt_str section, key, value;
    const struct lt_origin *origin;
    unsigned line;
    const char *idle; /* why it is not in force; NULL: it is */
};

struct lt_unit {
    bool found; /* its file is in one of the directories */
    bool masked;
    struct lt_list settings; /* of struct lt_unit_setting *, in order, including those not in force */
};

/* Read a unit from `directories`, a NULL-terminated list of paths; `home` is prepended to relative ones. The unit's
 * files are added to the origins of `daemon`. What cannot be read is reported. */
void lt_daemon_unit(struct lt_daemon *daemon, const char *const *directories, struct lt_str home, const char *name,
                    struct lt_unit *out);

#endif
