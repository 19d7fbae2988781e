// SPDX-License-Identifier: Apache-2.0
#ifndef LT_CONTAIN_FILTER_H
#define LT_CONTAIN_FILTER_H

#include <stdbool.h>

/* Version of libseccomp, static; NULL in a build without it. */
const char *lt_filter_version(void);

/* Is there anything to install: libseccomp, and no sanitizer, which needs calls that are not in the list? */
bool lt_filter_built_in(void);

/* From now on all threads can make only the calls of the kernel that reading needs. All others do not exist (ENOSYS) or
 * are refused (EPERM). `opens`: files may be opened for reading. Needs no_new_privs. False: it is not built in, or the
 * kernel refused. */
bool lt_filter_enter(bool opens);

#endif
