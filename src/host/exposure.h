// SPDX-License-Identifier: Apache-2.0
/* Exposure: settings that make a host or a container easier to take over, by the rules in exposure.def. */
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
    struct lt_str setting;     /* as written: "CapAdd=SYS_ADMIN" */
};

/* The finding for a rule, with the rule's severity and reason. `setting` is borrowed, here and below. */
struct lt_exposure lt_exposure_of(enum lt_rule rule, struct lt_str setting);

/* The finding for an added capability, with or without "CAP_", in any case. An empty name gives LT_SEV_none. */
struct lt_exposure lt_exposure_capability(struct lt_str name, struct lt_str setting);

/* The finding for a mount of a host path into a container. The path is the socket of an engine (moby, containerd,
 * podman, cri-o, buildkit; recognised by its name in any directory), or is looked up in the table; otherwise
 * LT_SEV_none. */
struct lt_exposure lt_exposure_mount(struct lt_str source, bool writable, struct lt_str setting);

/* Does the path have the name of a container engine's socket? */
bool lt_is_engine_socket(struct lt_str path);

/* Is it the path of a disk, under any of its names, or of memory and I/O ports of the machine? */
bool lt_is_disk(struct lt_str path);

/* Add a copy of a finding to those of the container, in the run arena. Does nothing for LT_SEV_none. */
void lt_exposure_add(struct lt_ctx *ctx, struct lt_container *container, struct lt_exposure finding);

/* Add findings for the container's mounts, which must be known, and the tags host_mount and docker_socket. A volume
 * counts if it is a bind of a path of the host, which its store must know already. Sources that the runtime made for
 * the container do not count. */
void lt_exposure_add_mounts(struct lt_ctx *ctx, struct lt_container *container);

/* The facts of a row for a finding, in scratch: action, setting, reason. More may be added. */
struct lt_facts lt_exposure_facts(struct lt_ctx *ctx, const struct lt_exposure *finding);

/* Add the fact that a user namespace weakens findings of the container, if it has one. Whether it was so when the
 * container was created is not always known. */
void lt_exposure_add_namespace(struct lt_facts *facts, const struct lt_container *container);

/* lt_facts_emit() with the finding's tags: `exposure`, its severity, and those of its rule; none if LT_SEV_none. */
enum lt_status lt_exposure_emit(struct lt_ctx *ctx, const struct lt_exposure *finding, const struct lt_facts *facts,
                                struct lt_event *event, struct lt_err *err);

#endif
