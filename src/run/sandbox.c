// SPDX-License-Identifier: Apache-2.0
#include "run/sandbox.h"

#include "base/temporary.h"
#include "run/options.h"
#include "run/unwritten.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* The files and directories of all evidence. Returns whether there are directories. */
static bool list_evidence(struct lt_job *job, struct lt_list *readable)
{
    bool directories = false;
    lt_each (const struct lt_evidence, evidence, &job->evidence) {
        struct stat status;
        lt_list_add_str(readable, &job->arena, lt_str_c(evidence->spec));
        directories |= stat(evidence->spec, &status) == 0 && S_ISDIR(status.st_mode);
        lt_each (const struct lt_str, file, &evidence->files)
            lt_list_add_str(readable, &job->arena, *file);
    }
    return directories;
}

static bool start_helper(struct lt_job *job)
{
    enum { OUTPUTS = 3 };
    struct lt_output *const outputs[OUTPUTS] = {&job->output, &job->errors, &job->manifest};
    struct lt_str copy = lt_path_join(&job->arena, lt_str_c(lt_temporary_directory()), LT_STR("layertime"));
    if (!lt_helper_start(&job->helper, outputs, OUTPUTS, !lt_is_unwritten(job, copy.ptr)))
        return false;
    job->reading.helper = &job->helper;
    return true;
}

void lt_sandbox_enter(struct lt_job *job, bool late)
{
    struct lt_contain_args args = {0};
    struct lt_list readable = {0};
    struct lt_contained *contained = &job->contained;
    if (job->options->no_sandbox || !job->any_open)
        return;
    if (!start_helper(job)) {
        lt_buf_printf(&contained->lacks, "all of it: no second process can be started: %s", strerror(errno));
    } else {
        args.directories = list_evidence(job, &readable);
        args.readable = &readable;
        lt_contain_enter(&args, contained);
        contained->late = late;
    }
    if (contained->lacks.len && !job->options->quiet)
        lt_say("the sandbox lacks %.*s", LT_ARG(lt_buf_view(&contained->lacks)));
}
