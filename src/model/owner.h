// SPDX-License-Identifier: Apache-2.0
/* Whose something is: the owner of events, layers, files. */
#ifndef LT_MODEL_OWNER_H
#define LT_MODEL_OWNER_H

#include "base/str.h"

struct lt_bind;
struct lt_container;
struct lt_host;
struct lt_image;
struct lt_layer;
struct lt_root;
struct lt_runtime;
struct lt_volume;

/* Role of a file in its container or on the host: `layer_role` in the output. */
enum lt_role {
    LT_ROLE_RW,
    LT_ROLE_IMAGE,
    LT_ROLE_INIT,
    LT_ROLE_VOLUME,
    LT_ROLE_CONFIG,
    LT_ROLE_LOG,
    LT_ROLE_HOST,
    LT_ROLES
};
extern const char *const lt_role_names[LT_ROLES];

/* The owner of an event. Fields that do not apply are NULL; `host` and `role` are always set. */
struct lt_owner {
    const struct lt_host *host;
    const struct lt_root *root; /* the store that it belongs to */
    const struct lt_container *container;
    const struct lt_image *image;
    const struct lt_layer *layer;
    const struct lt_volume *volume;
    const struct lt_bind *bind;
    struct lt_str namespace;          /* of containerd, of what has no container, image or layer; else "" */
    const struct lt_runtime *runtime; /* of that; else NULL */
    enum lt_role role;
};

/* An identifier by which a runtime knows a container or layer, for people: "chain_identifier", "sha256:...". */
struct lt_identifier {
    const char *name; /* as in the output of `layertime ids` */
    struct lt_str value;
};

#endif
