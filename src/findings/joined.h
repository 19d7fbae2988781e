// SPDX-License-Identifier: Apache-2.0
/* Rules that one event does not show: those that compare two, or read contents. */
#ifndef LT_FINDINGS_JOINED_H
#define LT_FINDINGS_JOINED_H

#include "findings/found.h"
#include "read/context.h"

/* Once all events were taken, add what the events and the inventory of all stores show together:
 *
 *   output_rewritten  the first line of a container's log is older than the birth of that file
 *   tag_moved      an image lost its last name when another one got it, or a container was made of another image than
 *                  the name that was typed means now
 *   fresh_image    the image of a container came at most ten minutes before the container was made
 *   zones_differ   see lt_host.zone_conflict */
void lt_joined_inventory(const struct lt_inventory *inventory, struct lt_founds *founds);

/* Then, add what contents of files of the store at hand show:
 *
 *   log_rewritten  the first line of a log has a time before the log was born, in whatever zone it may be
 *   preloaded      a preload file that was found names it
 *
 * What cannot be read is reported. */
void lt_joined_contents(struct lt_ctx *ctx, struct lt_founds *founds);

#endif
