// SPDX-License-Identifier: Apache-2.0
/* Files of a host that name its zone, besides /etc/localtime, which has its rules. */
#ifndef LT_CLOCK_ZONE_CLAIMS_H
#define LT_CLOCK_ZONE_CLAIMS_H

#include "read/context.h"

/* Append what the files on ctx->fs name to `claims`, as struct lt_zone_info * in the run arena, with the rules that the
 * host's database has for the name. What cannot be read is reported. */
void lt_zone_claims(struct lt_ctx *ctx, struct lt_list *claims);

#endif
