// SPDX-License-Identifier: Apache-2.0
/* What the terminal is that stdout may be. */
#ifndef LT_RUN_TERMINAL_H
#define LT_RUN_TERMINAL_H

#include "run/options.h"

/* How the output is to look. Its width is that of the terminal that it goes to, if it goes to one and --wide is not
 * given. --color decides on colours; on its own they are for a terminal that is not dumb, unless NO_COLOR is set
 * (no-color.org). */
struct lt_style lt_terminal_style(const struct lt_options *options);

#endif
