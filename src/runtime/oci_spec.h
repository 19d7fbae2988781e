// SPDX-License-Identifier: Apache-2.0
/* The OCI runtime specification of a container (opencontainers/runtime-spec config.md, config-linux.md, 1.0 to 1.3):
 * what a higher runtime asks runc or crun to run. containerd keeps it in the container's record in meta.db, CRI-O and
 * podman in a file config.json.
 *
 * Unlike hostconfig.json it does not hold what the user asked for but what came of it, defaults included. So there is
 * no flag "privileged", and what the host does not support (AppArmor, seccomp, SELinux) is absent as if it had been
 * switched off. */
#ifndef LT_RUNTIME_OCI_SPEC_H
#define LT_RUNTIME_OCI_SPEC_H

#include "read/facts.h"

struct json_t;

/* Read a specification. In the run arena it sets the container's
 *
 *   mounts           all but the virtual file systems that every container has below /proc, /sys and /dev;
 *   findings, tags   by the rules of host/exposure.def;
 *   limits           with limits_known, unlimited and cgroup_parent;
 *   uids, gids       if it has a user namespace whose maps are given, and host_userns if its store has maps that it
 *                    does not use. IDs in its rw layer are those of the host;
 *   tz               if TZ is in its environment.
 *
 * It adds to `facts`: COMMAND, MOUNTS, PRIVILEGES, FACTS, and annotations as LABELS unless there are LABELS already.
 * The container's root, ID and pod must be set before, and the volumes of its store known. `path` is the file that
 * problems are reported of. */
void lt_oci_spec_read(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *spec, struct lt_str path,
                      struct lt_facts *facts);

#endif
