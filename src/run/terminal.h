// SPDX-License-Identifier: Apache-2.0
/* What the terminal is that stdout may be. */
#ifndef LT_RUN_TERMINAL_H
#define LT_RUN_TERMINAL_H

#include "run/options.h"

/* Are colours wanted? --color decides; on its own, colours are for a terminal that is not dumb, unless NO_COLOR is set
 * (no-color.org) or the output goes to a file. */
bool lt_terminal_colors(const struct lt_options *options);

/* Columns of the terminal that the output goes to; 0: it goes elsewhere, or --wide is given. */
unsigned lt_terminal_width(const struct lt_options *options);

#endif
