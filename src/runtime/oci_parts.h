// SPDX-License-Identifier: Apache-2.0
/* What the files that read an OCI specification share: see oci_spec.h. */
#ifndef LT_RUNTIME_OCI_PARTS_H
#define LT_RUNTIME_OCI_PARTS_H

#include "read/facts.h"

struct json_t;

/* A specification while it is read. */
struct lt_oci {
    struct lt_ctx *ctx;
    struct lt_container *container;
    const struct json_t *spec;
    struct lt_str path;
    struct lt_facts *facts;
};

/* Set container->mounts, and add them to the facts. */
void lt_oci_read_mounts(struct lt_oci *oci);

/* Set findings and tags, and add privileges to the facts. Mounts and maps of IDs must be known. */
void lt_oci_read_privileges(struct lt_oci *oci);

#endif
