// SPDX-License-Identifier: Apache-2.0
#ifndef LT_CONTAIN_CAPABILITIES_H
#define LT_CONTAIN_CAPABILITIES_H

#include "base/list.h"

/* Give up the rights of root that reading does not need. Of a directory, O_NOATIME needs CAP_FOWNER and attributes
 * trusted.* CAP_SYS_ADMIN, and its files may be anybody's. An image needs nothing, unless one of the files in
 * `readable` (struct lt_str *, NUL-terminated) can be opened only by CAP_DAC_READ_SEARCH. False: the kernel refused.
 * `*kept` has a bit for each right that is left. */
bool lt_capabilities_drop(bool directories, const struct lt_list *readable, uint64_t *kept);

/* "CAP_SYS_ADMIN" for the number of a right that may be kept, static; else NULL. */
const char *lt_capability_name(unsigned number);

#endif
