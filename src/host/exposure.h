// SPDX-License-Identifier: Apache-2.0
/* Exposure: what makes a host or a container easier to take over, by the rules in exposure.def. */
#ifndef LT_HOST_EXPOSURE_H
#define LT_HOST_EXPOSURE_H

#include "read/facts.h"

enum lt_severity { LT_SEV_none, LT_SEV_info, LT_SEV_low, LT_SEV_medium, LT_SEV_high, LT_SEV_critical };

enum lt_rule {
#define RULE(id, severity, tag, action, why) LT_RULE_##id,
#include "host/exposure.def"
    LT_RULES
};

/* A rule that applies. */
struct lt_exposure {
    enum lt_rule rule;
    enum lt_severity severity; /* LT_SEV_none: not worth a row */
    const char *why;           /* static */
    struct lt_str setting;     /* as it is written: "CapAdd=SYS_ADMIN" */
};

/* A finding as its rule says. `setting` is borrowed, here and below. */
struct lt_exposure lt_exposure_of(enum lt_rule rule, struct lt_str setting);

/* That of an added capability, with or without "CAP_", in any case ("" stands for none). */
struct lt_exposure lt_exposure_capability(struct lt_str name, struct lt_str setting);

/* That of a mount of a host path into a container: a socket of an engine (moby, containerd, podman, cri-o, buildkit; by
 * its name, wherever it lies), a path of the table, or no finding. */
struct lt_exposure lt_exposure_mount(struct lt_str source, bool writable, struct lt_str setting);

/* Does the name mean a socket of a container engine? */
bool lt_is_engine_socket(struct lt_str path);

/* The words of a row for a finding, in scratch: what is done, the setting, the reason. More may be added. */
struct lt_facts lt_exposure_facts(struct lt_ctx *ctx, const struct lt_exposure *finding);

/* lt_facts_emit() with the tags of the finding: `exposure`, its severity, and its rule's own; none for LT_SEV_none. */
enum lt_status lt_exposure_emit(struct lt_ctx *ctx, const struct lt_exposure *finding, const struct lt_facts *facts,
                                struct lt_event *event, struct lt_err *err);

#endif
