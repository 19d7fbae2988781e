// SPDX-License-Identifier: Apache-2.0
/* The supported container runtimes. Each is a folder here plus a line in runtimes.def, which is the map of the folders.
 * Runtimes do not use each other; what several of them share is here or in lower rooms.
 *
 *   runtimes.c     the table
 *   mount_list.c   the mounts of a container, and how they are described
 *   oci_spec.c     the OCI runtime specification of a container; oci_mounts.c: its mounts;
 *                  oci_privileges.c: what it may do to the host
 *   log_lines.c    lines of logs, whatever their format
 *   json_log.c     logs in the format of Docker's json-file driver
 *   log_rotation.c which files a log has, and their order
 *   known_lines.c  a set of lines
 */
#ifndef LT_RUNTIME_RUNTIMES_H
#define LT_RUNTIME_RUNTIMES_H

#include "model/runtime.h"

/* From runtimes.def; NULL-terminated. */
extern const struct lt_runtime *const lt_runtimes[];

/* Append the titles of all runtimes, as in "Docker, X or Y"; if `stores`, each is followed by its name for a store. */
void lt_runtimes_list(struct lt_buf *out, bool stores);

/* The runtime that a namespace of containerd serves, and the one of that name; NULL: none. */
const struct lt_runtime *lt_runtime_of_namespace(struct lt_str namespace);
const struct lt_runtime *lt_runtime_named(const char *name);

/* Is this a full container ID of any runtime? */
bool lt_is_container_id(struct lt_str text);

#endif
