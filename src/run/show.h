// SPDX-License-Identifier: Apache-2.0
/* What is read and what was found, for people. */
#ifndef LT_RUN_SHOW_H
#define LT_RUN_SHOW_H

#include "model/inventory.h"
#include "run/options.h"

#include <stdio.h>

/* The tables of readers, storage drivers and kinds of evidence, on stdout. */
void lt_show_sources(void);

/* A line about each data root. */
void lt_show_roots(const struct lt_inventory *inventory, FILE *stream);

/* All containers on one line of stderr: the answer to a wrong name. */
void lt_show_containers(const struct lt_inventory *inventory);

/* What the user's words for a window of time came to, on stderr, unless -q. */
void lt_show_window(const struct lt_options *options);

#endif
