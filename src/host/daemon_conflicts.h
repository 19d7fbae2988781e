// SPDX-License-Identifier: Apache-2.0
/* dockerd refuses to start, and to reload, if an option is set by a flag and in daemon.json as well, even to the same
 * value: "the following directives are specified both as a flag and in the configuration file" (moby
 * daemon/config/config.go findConfigurationConflicts, 1.10 to 29). */
#ifndef LT_HOST_DAEMON_CONFLICTS_H
#define LT_HOST_DAEMON_CONFLICTS_H

#include "host/daemon_settings.h"

struct json_t;

/* Note the options that a daemon.json sets: its members, and those of a member that groups some ("proxies"). The names
 * are copied into scratch. */
void lt_origin_options(struct lt_daemon *daemon, struct lt_origin *origin, const struct json_t *json);

/* Set `clash` of the settings that are in force by a flag while a daemon.json in force has them too, and of those in
 * daemon.json. They are in force no more. */
void lt_daemon_find_conflicts(struct lt_daemon *daemon);

#endif
