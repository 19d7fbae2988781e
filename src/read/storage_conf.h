// SPDX-License-Identifier: Apache-2.0
/* Where Podman, Buildah and CRI-O keep their stores, if their settings name another place than the default. */
#ifndef LT_READ_STORAGE_CONF_H
#define LT_READ_STORAGE_CONF_H

#include "read/context.h"

/* A place that a setting names. */
struct lt_storage_place {
    struct lt_str path, key, file;
    bool required; /* it is where the engine writes: it is missing if it is not there */
    bool of_users; /* it is where users' stores are, each in its own */
};

/* Add the places that files on ctx->fs name (of struct lt_storage_place *, in scratch). Those of users come with $HOME,
 * $USER and $UID replaced. The defaults are left out. */
void lt_storage_places(struct lt_ctx *ctx, struct lt_list *out);

#endif
