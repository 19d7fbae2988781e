// SPDX-License-Identifier: Apache-2.0
/* How the host configured its daemons: daemon.json, the files from which init scripts and units take options, units and
 * their drop-ins. The time of a file is its mtime, as nothing else says when its contents were written. Whoever may
 * write the file may set it, so it is claimed. */
#include "host/data_roots.h"
#include "host/host_settings.h"

static enum lt_status host_config_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (struct lt_daemon, daemon, &lt_host_settings_of(ctx)->daemons)
        status = status == LT_OK ? lt_daemon_emit(daemon, ctx, err) : status;
    return status;
}

const struct lt_source lt_source_host_config = {
    .name = "host_config",
    .summary = "daemon.json, options in /etc, units and drop-ins: how daemons are configured, and what that exposes",
    .scope = LT_PER_FS,
    .stage = LT_STAGE_SETTINGS,
    .inventory = lt_data_roots_judge,
    .events = host_config_events,
};
