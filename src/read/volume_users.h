// SPDX-License-Identifier: Apache-2.0
/* Which containers mount which volume, or which part of it; the row of its creation, which tells them. */
#ifndef LT_READ_VOLUME_USERS_H
#define LT_READ_VOLUME_USERS_H

#include "read/facts.h"

/* Fill in the users of all volumes of the current store. Its containers and their mounts must be known. */
void lt_volume_users_find(struct lt_ctx *ctx);

/* The creation of a volume, by the birth of its directory. Its time is not set if the file system records no births.
 * Adds to `facts` what is done and who mounts the volume. `volume` is borrowed. */
struct lt_event lt_volume_created(const struct lt_volume *volume, struct lt_facts *facts);

#endif
