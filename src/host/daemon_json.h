// SPDX-License-Identifier: Apache-2.0
/* daemon.json, the configuration file of dockerd, and OpenWrt's /etc/config/dockerd, which stands in for it. */
#ifndef LT_HOST_DAEMON_JSON_H
#define LT_HOST_DAEMON_JSON_H

#include "host/daemon_settings.h"

/* Add the settings of a daemon.json, which may be missing. `idle` as in struct lt_origin. A file that is no JSON is
 * reported; its data root is taken all the same if it can be read, since the file was in force before it was damaged.
 */
void lt_daemon_json(struct lt_daemon *daemon, struct lt_str path, const char *idle);

/* Add the settings of an /etc/config/dockerd under the names that they get in the daemon.json that is made of it at
 * each start (openwrt/packages utils/dockerd/files/dockerd.init, 2020 to 2025). False: there is none. */
bool lt_daemon_uci(struct lt_daemon *daemon, struct lt_str path);

#endif
