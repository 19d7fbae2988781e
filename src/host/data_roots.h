// SPDX-License-Identifier: Apache-2.0
/* Stores at the places that settings name, and what the settings say of each store. */
#ifndef LT_HOST_DATA_ROOTS_H
#define LT_HOST_DATA_ROOTS_H

#include "read/discover.h"

/* Try all directories that settings on ctx->fs, or the defaults of users, name as stores of the runtime. One that is in
 * force and is no store is reported as missing. */
void lt_data_roots_try(struct lt_discovery *discovery, const char *runtime);

/* Once all stores of ctx->host are known: say of each that settings on ctx->fs are about whether it is in force, and
 * tag those that are left behind. */
void lt_data_roots_judge(struct lt_ctx *ctx);

#endif
