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

/* Print all containers on one line of stderr. */
void lt_show_containers(const struct lt_inventory *inventory);

/* The answer to a name that fits no container: print them all, and name the nearest. Returns LT_SKIP (LT_CODE_USAGE).
 */
enum lt_status lt_no_container(const struct lt_inventory *inventory, const char *which, struct lt_err *err);

/* Print the time window that resulted from the options on stderr, unless -q. */
void lt_show_window(const struct lt_options *options);

#endif
