// SPDX-License-Identifier: Apache-2.0
#include "run/opening.h"

#include "base/temporary.h"
#include "run/unwritten.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool same_output(const char *a, const char *b)
{
    bool a_stdout = strcmp(a, "-") == 0, b_stdout = strcmp(b, "-") == 0;
    return a_stdout || b_stdout ? a_stdout && b_stdout : lt_output_same(a, b);
}

static bool outputs_collide(const struct lt_options *options)
{
    const char *paths[] = {options->output ? options->output : "-", options->errors, options->manifest};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < i; j++)
            if (paths[i] && paths[j] && same_output(paths[i], paths[j]))
                return true;
    return false;
}

/* Evidence that is given under two names, so that all its events would appear twice; NULL: none. */
static const char *given_twice(const struct lt_options *options)
{
    struct stat one, other;
    for (int i = 0; i < options->evidence_count; i++)
        for (int j = 0; j < i; j++)
            if (stat(options->evidence[i], &one) == 0 && stat(options->evidence[j], &other) == 0 &&
                one.st_dev == other.st_dev && one.st_ino == other.st_ino)
                return options->evidence[i];
    return NULL;
}

static bool is_in_evidence(const struct lt_job *job, const char *path)
{
    return path && strcmp(path, "-") != 0 && lt_is_unwritten(job, path);
}

static enum lt_status refuse(const char *path, struct lt_err *err)
{
    return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "%s: lies inside the evidence", path);
}

static enum lt_status open_output(struct lt_job *job, struct lt_output *output, const char *path, bool gzip, bool hash,
                                  struct lt_err *err)
{
    const struct lt_output_args args = {path, job->options->force, gzip, hash, job->signals};
    struct lt_err problem = {0};
    if (is_in_evidence(job, path))
        return refuse(path, err);
    if (lt_output_open(output, &args, &problem) != LT_OK)
        return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "%s: %s", path, problem.text);
    return LT_OK;
}

/* For a sorter that runs out of memory. If none can be made, that is an error only when one is needed. */
static void open_temporary(struct lt_job *job)
{
    struct lt_str file = lt_path_join(&job->arena, lt_str_c(lt_temporary_directory()), LT_STR("layertime"));
    job->may_spill = !is_in_evidence(job, file.ptr);
    for (size_t i = 0; i < 2 && job->may_spill; i++)
        job->temporary[i] = lt_temporary_open(&job->temporary_error);
}

static bool is_empty(int fd)
{
    int copy = dup(fd), others = 0;
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir) {
        if (copy >= 0)
            close(copy);
        return false;
    }
    for (const struct dirent *entry; (entry = readdir(dir));)
        others += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return !others;
}

/* The mark of a directory that an earlier run began to fill. */
static const char mark_name[] = "recovered.txt";
static const char mark_text[] =
    "layertime recover writes the files here. Their names and contents come from evidence, and may be hostile.\n"
    "recovered.jsonl and recovered.csv tell what each is. Without these two the run did not end: start it again with\n"
    "the same directory, and it goes on.\n";

/* Did a run write here before? */
static bool is_marked(int dir)
{
    char text[sizeof mark_text];
    int fd = openat(dir, mark_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    return got == sizeof mark_text - 1 && memcmp(text, mark_text, sizeof mark_text - 1) == 0;
}

static bool set_mark(int dir)
{
    enum { OWN = 0600 };
    int fd = openat(dir, mark_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OWN);
    bool written = fd >= 0 && write(fd, mark_text, sizeof mark_text - 1) == sizeof mark_text - 1;
    return fd >= 0 && close(fd) == 0 && written;
}

/* The directory for recovered files: a new one, an empty one, or that of an earlier run, whose lists are replaced. */
static enum lt_status open_tree(struct lt_job *job, struct lt_err *err)
{
    enum { OWN = 0700 };
    const char *path = job->options->tree;
    if (is_in_evidence(job, path))
        return refuse(path, err);
    if (mkdir(path, OWN) < 0 && errno != EEXIST)
        return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, errno, "%s: cannot be made: %s", path, strerror(errno));
    job->tree = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (job->tree < 0)
        return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, errno, "%s: %s", path, strerror(errno));
    bool again = is_marked(job->tree);
    if (!again && !is_empty(job->tree))
        return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "%s: is not empty, and no earlier run wrote there", path);
    if (!again && !set_mark(job->tree))
        return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, errno, "%s: cannot be written: %s", path, strerror(errno));
    job->own_options.force |= again;
    struct lt_str dir = lt_str_c(path);
    job->own_options.output = lt_path_join(&job->arena, dir, LT_STR("recovered.jsonl")).ptr;
    return open_output(job, &job->listing, lt_path_join(&job->arena, dir, LT_STR("recovered.csv")).ptr, false, false,
                       err);
}

/* A file for each image, in case it is packed. Evidence is not written to, so all of it is open before. */
static enum lt_status open_rooms(struct lt_job *job, struct lt_err *err)
{
    const char *directory = job->options->unpack;
    if (!directory)
        return LT_OK;
    if (is_in_evidence(job, lt_path_join(&job->arena, lt_str_c(directory), LT_STR("layertime")).ptr))
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "--unpack: %s lies inside the evidence", directory);
    lt_each (struct lt_evidence, evidence, &job->evidence) {
        struct lt_room *room = lt_new(&job->arena, struct lt_room);
        *room = (struct lt_room){directory, lt_temporary_open_in(directory), job->options->unpack_limit, job->poll.poll,
                                 job->poll.arg};
        lt_list_add(&job->rooms, &job->arena, room);
        if (room->fd < 0)
            return lt_fail(err, LT_SKIP, LT_CODE_USAGE, errno, "--unpack: no file can be made in %s", directory);
        evidence->args.room = room;
    }
    return LT_OK;
}

static enum lt_status open_outputs(struct lt_job *job, struct lt_err *err)
{
    const struct lt_options *options = job->options;
    bool product = job->any_open && !options->list_sources;
    enum lt_status status = LT_OK;
    if (options->errors)
        status = open_output(job, &job->errors, options->errors, false, false, err);
    if (status == LT_OK && product && options->manifest)
        status = open_output(job, &job->manifest, options->manifest, false, false, err);
    if (status == LT_OK && product && options->tree) /* the last but for those in it, which may be replaced */
        status = open_tree(job, err);
    if (status == LT_OK && product)
        status = open_output(job, &job->output, options->output, options->gzip, options->manifest, err);
    if (status == LT_OK && product && options->command->options & LT_OPTIONS_ROWS && options->format->row)
        open_temporary(job);
    return status;
}

/* Returns whether the evidence was opened. It is in job->evidence in any case. */
static bool open_evidence(struct lt_job *job, const char *spec)
{
    struct lt_evidence *evidence = lt_new(&job->arena, struct lt_evidence);
    struct lt_err *problem = lt_new(&job->arena, struct lt_err);
    const struct lt_evidence_args args = {
        .no_journal = job->options->no_journal,
        .helper = &job->images,
        .readable = (int)job->evidence.count,
    };
    lt_list_add(&job->evidence, &job->arena, evidence);
    lt_list_add(&job->unopened, &job->arena, problem);
    return lt_evidence_open(evidence, spec, &args, problem) == LT_OK;
}

/* Say it before the first read, which would be the first change. --strict: that is a failure. */
static enum lt_status check_atimes(const struct lt_job *job, struct lt_err *err)
{
    static const char *const why = "the access times of what is read may change: give it mounted with ro or noatime, "
                                   "or run as root";
    lt_each (const struct lt_evidence, evidence, &job->evidence) {
        if (!evidence->atimes_change)
            continue;
        if (job->options->strict)
            return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "--strict: %s: %s", evidence->spec, why);
        if (!job->options->quiet)
            lt_say("%s: %s", evidence->spec, why);
    }
    return LT_OK;
}

bool lt_opening_is_late(const struct lt_job *job)
{
    lt_each (const struct lt_evidence, evidence, &job->evidence)
        if (lt_is_live(evidence))
            return true;
    return false;
}

enum lt_status lt_opening(struct lt_job *job, struct lt_err *err)
{
    const struct lt_options *options = job->options;
    const char *twice = given_twice(options);
    job->temporary[0] = job->temporary[1] = -1;
    if (outputs_collide(options))
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "-o, --errors and --manifest must be different files");
    if (twice)
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "%s: this evidence is given twice", twice);
    for (int i = 0; i < options->evidence_count; i++)
        job->any_open |= open_evidence(job, options->evidence[i]);
    if (check_atimes(job, err) != LT_OK || open_rooms(job, err) != LT_OK)
        return LT_SKIP;
    return lt_opening_is_late(job) ? LT_OK : open_outputs(job, err);
}

enum lt_status lt_opening_late(struct lt_job *job, struct lt_err *err)
{
    const char *paths[] = {job->options->output, job->options->errors, job->options->manifest};
    if (lt_opening_is_late(job))
        return open_outputs(job, err);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) /* by now libtsk has told the segments, too */
        if (is_in_evidence(job, paths[i]))
            return refuse(paths[i], err);
    return LT_OK;
}

void lt_opening_end(struct lt_job *job)
{
    lt_output_abort(&job->output);
    lt_output_abort(&job->errors);
    lt_output_abort(&job->manifest);
    lt_output_abort(&job->listing);
    if (job->tree >= 0)
        close(job->tree);
    lt_helper_end(&job->helper);
    lt_buf_free(&job->contained.lacks);
    for (size_t i = 0; i < 2; i++)
        if (job->temporary[i] >= 0)
            close(job->temporary[i]);
    lt_each (struct lt_evidence, evidence, &job->evidence)
        lt_evidence_close(evidence);
    lt_each (const struct lt_room, room, &job->rooms)
        if (room->fd >= 0)
            close(room->fd);
    lt_helper_end(&job->images);
}
