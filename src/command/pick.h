// SPDX-License-Identifier: Apache-2.0
/* The one container that the user means. */
#ifndef LT_COMMAND_PICK_H
#define LT_COMMAND_PICK_H

#include "run/job.h"

/* The container whose ID or name is `which`, otherwise the only one of that pod (see lt_filter_fit()), otherwise the
 * only one whose ID begins with it. If no store has it, one of which only traces are left. LT_SKIP with
 * LT_CODE_USAGE if none or several match. Several matches are listed on stderr, and if none matches, all containers. */
enum lt_status lt_pick_container(struct lt_job *job, const char *which, const struct lt_container **out,
                                 struct lt_err *err);

#endif
