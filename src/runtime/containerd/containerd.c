// SPDX-License-Identifier: Apache-2.0
#include "runtime/containerd/containerd.h"

#include "parse/ident.h"
#include "read/source.h"

#define SOURCE(name) extern const struct lt_source lt_source_containerd_##name;
#include "runtime/containerd/sources.def"
#undef SOURCE

static const struct lt_source *const sources[] = {
#define SOURCE(name) &lt_source_containerd_##name,
#include "runtime/containerd/sources.def"
#undef SOURCE
    NULL,
};

static const struct lt_driver *driver(size_t index)
{
    return lt_snapshotters[index]->driver.name ? &lt_snapshotters[index]->driver : NULL;
}

const struct lt_runtime lt_runtime_containerd = {
    .name = "containerd",
    .title = "containerd",
    .store = "root",
    .source_short = "CONTAINERD",
    .log_line = LT_KIND_DAEMON_LINE,
    .places = lt_containerd_places,
    .in_volumes = lt_containerd_in_volumes,
    .bid = lt_containerd_bid,
    .marks = lt_containerd_marks,
    .shape = "its databases, content or snapshots (io.containerd.*)",
    .inside = lt_containerd_inside,
    .parts = lt_containerd_parts,
    .within = lt_containerd_within,
    .settings = lt_containerd_settings,
    .root_size = sizeof(struct lt_containerd),
    .is_id = lt_is_id,
    .sources = sources,
    .link = lt_containerd_link,
    .life = lt_containerd_life,
    .driver = driver,
};
