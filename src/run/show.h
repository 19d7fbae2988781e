// SPDX-License-Identifier: Apache-2.0
/* What is read and what was found, for people. */
#ifndef LT_RUN_SHOW_H
#define LT_RUN_SHOW_H

#include "model/inventory.h"
#include "run/options.h"

#include <stdio.h>

/* Print the tables of sources, storage drivers and kinds of evidence on stdout. */
void lt_show_sources(void);

/* Print a line about each store. */
void lt_show_roots(const struct lt_inventory *inventory, FILE *stream);

/* Print all containers on one line of stderr: the answer to a wrong name. */
void lt_show_containers(const struct lt_inventory *inventory);

/* Print the time window that resulted from the options on stderr, unless -q. */
void lt_show_window(const struct lt_options *options);

#endif
