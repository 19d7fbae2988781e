// SPDX-License-Identifier: Apache-2.0
/* --removed: what stores have no more, joined from all that still tells of it. */
#ifndef LT_COMMAND_REMOVED_H
#define LT_COMMAND_REMOVED_H

#include "command/record.h"
#include "run/job.h"

/* Write the removed containers of all stores, oldest first, each cell with its witness in `witnesses`. */
enum lt_status lt_removed_containers(struct lt_job *job, struct lt_err *err);

/* The same of images, of which those are that only a container still names; and of volumes. */
enum lt_status lt_removed_images(struct lt_job *job, struct lt_err *err);
enum lt_status lt_removed_volumes(struct lt_job *job, struct lt_err *err);

/* Add when it was removed: `removed`, or `removed_first` and `removed_last`. */
void lt_record_removal(struct lt_record *record, const struct lt_span *gone);

/* Add who tells its cells (struct lt_identifier *: cell, witness) as records in `witnesses`. */
void lt_record_witnesses(struct lt_record *record, const struct lt_list *witnesses);

/* Call `take` for the containers of the host, those that exist and those that were removed. */
void lt_each_known_container(const struct lt_host *host, void (*take)(void *arg, const struct lt_container *container),
                             void *arg);

#endif
