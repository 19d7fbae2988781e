// SPDX-License-Identifier: Apache-2.0
#ifndef LT_CONTAIN_LANDLOCK_H
#define LT_CONTAIN_LANDLOCK_H

#include "base/list.h"

/* Version of the kernel's Landlock; 0: it has none, or it is switched off. */
int lt_landlock_version(void);

/* From now on this thread, and those that it starts, open files and directories below the paths in `readable` (struct
 * lt_str *, NUL-terminated) for reading, and no others; nothing can be made, renamed, removed or executed anywhere; and
 * nobody outside can be connected to or sent a signal, as far as this kernel's version goes. Needs no_new_privs.
 * Returns the version in force, 0 if there is none. */
int lt_landlock_enter(const struct lt_list *readable);

#endif
