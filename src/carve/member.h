// SPDX-License-Identifier: Apache-2.0
/* How a gzip file grows: it is unpacked, and ends where its sum of the contents agrees. Private to carve/. */
#ifndef LT_CARVE_MEMBER_H
#define LT_CARVE_MEMBER_H

#include "carve/format.h"

/* Can a member begin here: method, and no flags that are reserved (RFC 1952)? Stores the first unpacked bytes, as many
 * as fit, in `head`; the number of them. */
bool lt_carve_is_member(struct lt_str bytes);
size_t lt_carve_member_head(struct lt_str bytes, char *head, size_t room);

/* lt_carve_format.take and .drop. `sound` is set where the sums of all members agree, and zeros follow. */
enum lt_carve_step lt_carve_take_members(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used);
void lt_carve_drop_members(struct lt_carve_find *find);

#endif
