// SPDX-License-Identifier: Apache-2.0
/* The last words of a run on stderr: what was written, and what was not. */
#ifndef LT_RUN_SUMMARY_H
#define LT_RUN_SUMMARY_H

#include "run/job.h"

/* Two lines: rows, containers, errors, and the first and last event; what was left out, and by what. */
void lt_summary_say(const struct lt_job *job);

/* Has the evidence blocks that no file owns, which --carve would look into? */
bool lt_summary_has_free_blocks(const struct lt_job *job);

#endif
