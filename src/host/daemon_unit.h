// SPDX-License-Identifier: Apache-2.0
/* Units of systemd, as it puts them together (man 5 systemd.unit, "Unit File Load Path"; systemd
 * src/basic/path-lookup.c, src/shared/dropin.c, v252): the first directory that has the unit's file counts; a link to
 * /dev/null or an empty file masks the unit; then come the drop-ins of NAME.d and TYPE.d of all
 * directories, by name, of equal names the first. A setting that is given empty takes back what was given before. */
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
    bool found; /* some directory has its file */
    bool masked;
    struct lt_list settings; /* of struct lt_unit_setting *, in order, those that are not in force, too */
};

/* Read a unit from `directories` (a NULL-terminated list of paths; `home` is put before those that do not begin with
 * "/"). Its files are noted as origins of `daemon`; what cannot be read is reported. */
void lt_daemon_unit(struct lt_daemon *daemon, const char *const *directories, struct lt_str home, const char *name,
                    struct lt_unit *out);

#endif
