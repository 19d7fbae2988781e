// SPDX-License-Identifier: Apache-2.0
#ifndef LT_RUN_SANDBOX_H
#define LT_RUN_SANDBOX_H

#include "run/job.h"

/* Start the helper that makes processes for libtsk, unless the user does not want a sandbox. The evidence is open, and
 * nothing of it was read. */
void lt_sandbox_prepare(struct lt_job *job);

/* Enter the sandbox, unless the user does not want it. All that will be written is open, and no thread runs. What is
 * missing is said on stderr and kept in job->contained. `late`: the stores of a live host were found before. */
void lt_sandbox_enter(struct lt_job *job, bool late);

#endif
