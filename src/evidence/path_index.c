// SPDX-License-Identifier: Apache-2.0
#include "evidence/path_index.h"

struct job {
    struct lt_path_index *index;
    struct lt_arena *arena;
    struct lt_str dir;
};

static void add_name(void *arg, struct lt_str name, uint64_t ino, unsigned type)
{
    (void)type;
    const struct job *job = arg;
    uint64_t *value = lt_new(job->arena, uint64_t);
    *value = ino;
    lt_map_put(&job->index->inodes, job->arena, lt_path_join(job->arena, job->dir, name), value);
}

/* Learn the inodes of all names in the directory `path`. On LT_SKIP some may be known still. Damage is remembered, or
 * else a damaged directory would be read again for each lookup below it. A failed read is not: it may succeed next
 * time. */
static enum lt_status learn(struct lt_path_index *index, struct lt_fs *fs, lt_names_of *names, struct lt_str path,
                            uint64_t ino, struct lt_err *err)
{
    struct lt_arena *arena = &fs->evidence->arena;
    const struct lt_err *flaw = lt_map_get(&index->listed, path);
    if (flaw)
        return flaw->set ? lt_fail(err, LT_SKIP, flaw->code, flaw->sys, "%s", flaw->text) : LT_OK;
    struct job job = {index, arena, lt_str_dup(arena, path)};
    enum lt_status status = names(fs, ino, add_name, &job, err);
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
                            struct lt_str path, uint64_t *ino, struct lt_err *err)
{
    *ino = root;
    for (size_t end = 0; end < path.len;) {
        struct lt_err problem = {0};
        enum lt_status status = learn(index, fs, names, (struct lt_str){path.ptr, end}, *ino, &problem);
        do
            end++;
        while (end < path.len && path.ptr[end] != '/');
        const uint64_t *found = lt_map_get(&index->inodes, (struct lt_str){path.ptr, end});
        if (!found && status == LT_SKIP)
            return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
        if (!found)
            return LT_END;
        *ino = *found;
    }
    return LT_OK;
}
