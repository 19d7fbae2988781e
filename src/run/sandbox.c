// SPDX-License-Identifier: Apache-2.0
#include "run/sandbox.h"

#include "base/temporary.h"
#include "evidence/image/libtsk.h"
#include "host/libsystemd.h"
#include "run/options.h"
#include "run/unwritten.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Add the files that an evidence consists of. */
static void list_files(struct lt_job *job, const struct lt_evidence *evidence, struct lt_list *files)
{
    lt_list_add_str(files, &job->arena, lt_str_c(evidence->spec));
    lt_each (const struct lt_str, file, &evidence->files)
        lt_list_add_str(files, &job->arena, *file);
}

/* S_IFMT bits; 0: it is not there. */
static mode_t type_of(const struct lt_evidence *evidence)
{
    struct stat status;
    return stat(evidence->spec, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

/* The files and directories of all evidence. Returns whether there are directories. */
static bool list_evidence(struct lt_job *job, struct lt_list *readable)
{
    bool directories = false;
    lt_each (const struct lt_evidence, evidence, &job->evidence) {
        list_files(job, evidence, readable);
        directories |= S_ISDIR(type_of(evidence));
    }
    return directories;
}

static void lack(struct lt_job *job, const char *what)
{
    struct lt_buf *lacks = &job->contained.lacks;
    lt_buf_printf(lacks, "%s%s: %s", lacks->len ? ", " : "", what, strerror(errno));
}

void lt_sandbox_prepare(struct lt_job *job)
{
    static const struct lt_library *const libraries[] = {&lt_library_tsk, NULL};
    size_t count = job->evidence.count;
    bool any = false;
    if (job->options->no_sandbox)
        return;
    const struct lt_list **readable = lt_new_array(&job->arena, const struct lt_list *, count);
    lt_each (const struct lt_evidence, evidence, &job->evidence) {
        struct lt_list *files = lt_new(&job->arena, struct lt_list);
        list_files(job, evidence, files);
        readable[evidence_at] = files;
        mode_t type = type_of(evidence);
        any |= type && !S_ISDIR(type); /* reading an image takes libtsk */
    }
    const struct lt_helper_args args = {.libraries = libraries, .readable = readable, .readable_count = count};
    job->contained.apart = !any || lt_helper_start(&job->images, &args);
    if (!job->contained.apart)
        lack(job, "a process for libtsk");
}

static bool start_helper(struct lt_job *job)
{
    static const struct lt_library *const libraries[] = {&lt_library_systemd, NULL};
    enum { OUTPUTS = 4 };
    struct lt_output *const outputs[OUTPUTS] = {&job->output, &job->errors, &job->manifest, &job->listing};
    struct lt_str copy = lt_path_join(&job->arena, lt_str_c(lt_temporary_directory()), LT_STR("layertime"));
    const struct lt_helper_args args = {
        .outputs = outputs,
        .count = OUTPUTS,
        .copies = !lt_is_unwritten(job, copy.ptr),
        .libraries = libraries,
        .has_tree = job->tree >= 0,
        .tree = job->tree,
    };
    if (!lt_helper_start(&job->helper, &args))
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
    if (start_helper(job)) {
        args.directories = list_evidence(job, &readable);
        args.readable = &readable;
        lt_contain_enter(&args, contained);
        contained->late = late;
    } else {
        contained->apart = false;
        lack(job, "all but that for libtsk: no second process can be started");
    }
    if (contained->lacks.len && !job->options->quiet)
        lt_say("the sandbox lacks %.*s", LT_ARG(lt_buf_view(&contained->lacks)));
}
