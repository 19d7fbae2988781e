// SPDX-License-Identifier: Apache-2.0
#include "command/cat_freed.h"

#include "command/bytes.h"
#include "command/recover.h"

/* The path as finds have it: with a slash in front, and none at its end. */
static struct lt_str clean(struct lt_arena *arena, const char *given)
{
    struct lt_str path = lt_str_c(given);
    while (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    return path.len && path.ptr[0] == '/' ? path : lt_path_join(arena, LT_STR(""), path);
}

/* Say of each state when it went, and what of it is left. */
static void list_states(const struct lt_list *states, struct lt_arena *arena)
{
    enum { NANOSECONDS = 9 };
    lt_each (const struct lt_remains, remains, states) {
        struct lt_buf line = {0};
        struct lt_str words = lt_remains_words(remains, arena);
        lt_buf_printf(&line, "state %zu: ", remains_at + 1);
        if (remains->node->deleted.set) {
            lt_buf_lit(&line, "deleted ");
            lt_time_iso(&line, remains->node->deleted, NANOSECONDS);
            lt_buf_lit(&line, "Z, ");
        }
        lt_say("%.*s%ju bytes; %.*s", LT_ARG(lt_buf_view(&line)), (uintmax_t)remains->node->size, LT_ARG(words));
        lt_buf_free(&line);
    }
}

struct source {
    const struct lt_remains *remains;
    size_t lost; /* the first lost part that does not end before what was read last */
};

/* The contents, up to the next lost part or to its end; of that, zeros. */
static ssize_t read_contents(void *arg, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    struct source *source = arg;
    const struct lt_remains *remains = source->remains;
    while (source->lost < remains->lost_count &&
           remains->lost[source->lost].offset + remains->lost[source->lost].size <= offset)
        source->lost++;
    const struct lt_lost *lost = source->lost < remains->lost_count ? &remains->lost[source->lost] : NULL;
    uint64_t room = !lost ? size : lost->offset > offset ? lost->offset - offset : lost->offset + lost->size - offset;
    size = size < room ? size : (size_t)room;
    if (!lost || lost->offset > offset)
        return remains->method->read(remains, buffer, size, offset, err);
    memset(buffer, 0, size);
    return (ssize_t)size;
}

static enum lt_status write_state(struct lt_job *job, const struct lt_remains *remains, struct lt_err *err)
{
    struct source source = {remains, 0};
    struct lt_list parts = {0};
    lt_remains_lost_parts(remains, &job->arena, &parts);
    lt_each (const struct lt_str, part, &parts)
        lt_say("lost, and written as zeros: bytes %.*s", LT_ARG(*part));
    job->in_vain = !remains->complete;
    if (job->in_vain && !parts.count)
        lt_say("it may have been longer, or other blocks may have been its own");
    return lt_bytes_write(job, &(struct lt_bytes){read_contents, &source, remains->node->size}, err);
}

/* Also what layers have was looked for, if `err` is set. */
static enum lt_status no_state(struct lt_str path, struct lt_err *err)
{
    if (err->set) {
        lt_say("freed inodes have nothing of '%.*s', either", LT_ARG(path));
        return LT_END;
    }
    return lt_fail(err, LT_END, LT_CODE_MISSING, 0, "nothing is left of a deleted file '%.*s'", LT_ARG(path));
}

static enum lt_status pick(struct lt_job *job, const struct lt_list *states, struct lt_str path, struct lt_err *err)
{
    size_t wanted = job->options->state ? job->options->state : 1;
    if (!states->count)
        return no_state(path, err);
    if (!job->options->quiet || wanted > states->count)
        list_states(states, &job->arena);
    if (wanted > states->count)
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "--state=%zu: there are %zu", wanted, states->count);
    lt_err_clear(err);
    return write_state(job, states->items[wanted - 1], err);
}

enum lt_status lt_cat_freed(struct lt_job *job, const struct lt_container *container, const char *path,
                            struct lt_err *err)
{
    struct lt_recovery recovery = {.job = job, .freed_only = true};
    struct lt_str wanted = clean(&job->arena, path);
    struct lt_err problem = {0};
    enum lt_status status = lt_recovery_search(&recovery, &problem);
    if (status == LT_OK) {
        const struct lt_list states = lt_recovery_states(&recovery, container, wanted, &job->arena);
        status = pick(job, &states, wanted, err);
    } else {
        *err = problem;
    }
    lt_recovery_end(&recovery);
    return status;
}
