// SPDX-License-Identifier: Apache-2.0
/* Who shares what in a store, for the manifest: rows show only the first few (formats/fields.c). */
#ifndef LT_RUN_USERS_H
#define LT_RUN_USERS_H

#include "model/inventory.h"

/* Append `, "layer_users": [...], "volume_users": [...]`: the image layers and volumes of a store with all their users,
 * by the names that rows have for them. */
void lt_users_put(struct lt_buf *out, const struct lt_root *root);

#endif
