// SPDX-License-Identifier: Apache-2.0
#include "evidence/path_index.h"

struct job {
    struct lt_path_index *index;
    struct lt_arena *arena;
    struct lt_str dir;
};

static void add_name(void *arg, struct lt_str name, uint64_t ino, unsigned type)
{
    const struct job *job = arg;
    struct lt_found *found = lt_new(job->arena, struct lt_found);
    *found = (struct lt_found){ino, type};
    lt_map_put(&job->index->found, job->arena, lt_path_join(job->arena, job->dir, name), found);
}

/* Learn the entries of the directory `path`, which is `at`. On LT_SKIP some may be known still. Damage is remembered,
 * or else a damaged directory would be read again for each lookup below it. A failed read is not: it may succeed next
 * time. */
static enum lt_status learn(struct lt_path_index *index, struct lt_fs *fs, lt_names_of *names, struct lt_str path,
                            const struct lt_found *at, struct lt_err *err)
{
    struct lt_arena *arena = &fs->evidence->arena;
    const struct lt_err *flaw = lt_map_get(&index->listed, path);
    if (flaw)
        return flaw->set ? lt_fail(err, LT_SKIP, flaw->code, flaw->sys, "%s", flaw->text) : LT_OK;
    struct job job = {index, arena, lt_str_dup(arena, path)};
    enum lt_status status = names(fs, at->ino, add_name, &job, err);
    if (status == LT_END && at->type)
        status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju is no directory, as its name is: %.*s",
                         (uintmax_t)at->ino, LT_ARG(path));
    if (status == LT_OK || (status == LT_SKIP && strcmp(err->code, LT_CODE_DAMAGED) == 0)) {
        struct lt_err *outcome = &index->none;
        if (status == LT_SKIP) {
            outcome = lt_new(arena, struct lt_err);
            *outcome = *err;
        }
        lt_map_put(&index->listed, arena, job.dir, outcome);
    }
    return status;
}

enum lt_status lt_path_find(struct lt_path_index *index, struct lt_fs *fs, uint64_t root, lt_names_of *names,
                            struct lt_str path, struct lt_found *out, struct lt_err *err)
{
    *out = (struct lt_found){root, S_IFDIR};
    for (size_t end = 0; end < path.len;) {
        struct lt_err problem = {0};
        if (out->type && out->type != S_IFDIR)
            return LT_END;
        enum lt_status status = learn(index, fs, names, (struct lt_str){path.ptr, end}, out, &problem);
        do
            end++;
        while (end < path.len && path.ptr[end] != '/');
        const struct lt_found *found = lt_map_get(&index->found, (struct lt_str){path.ptr, end});
        if (!found && status == LT_SKIP)
            return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
        if (!found)
            return LT_END;
        *out = *found;
    }
    return LT_OK;
}
