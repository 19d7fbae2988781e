// SPDX-License-Identifier: Apache-2.0
/* A search for what remains of files, by all methods, host by host. */
#include "command/recover.h"

#include <stdlib.h>

#define RECOVER_METHOD(name) extern const struct lt_recover_method lt_recover_method_##name;
#include "command/methods.def"
#undef RECOVER_METHOD

static const struct lt_recover_method *const methods[] = {
#define RECOVER_METHOD(name) &lt_recover_method_##name,
#include "command/methods.def"
#undef RECOVER_METHOD
    NULL,
};

struct end {
    void (*call)(void *arg);
    void *arg;
};

struct state {
    const struct lt_remains *remains;
    size_t number;
};

struct visit {
    const struct lt_recover_method *method;
    const struct lt_fs *fs;
};

bool lt_recovery_first(struct lt_recovery *recovery, const struct lt_fs *fs)
{
    struct lt_arena *run = &recovery->job->arena;
    lt_each (const struct visit, visit, &recovery->searched)
        if (visit->method == recovery->method && visit->fs == fs)
            return false;
    struct visit *visit = lt_new(run, struct visit);
    *visit = (struct visit){recovery->method, fs};
    lt_list_add(&recovery->searched, run, visit);
    return true;
}

void lt_recovery_defer(struct lt_recovery *recovery, void (*end)(void *arg), void *arg)
{
    struct end *last = lt_new(&recovery->arena, struct end);
    *last = (struct end){end, arg};
    lt_list_add(&recovery->ends, &recovery->arena, last);
}

static void *copy_array(struct lt_arena *arena, const void *items, size_t count, size_t size)
{
    if (!count)
        return NULL;
    void *copy = lt_arena_alloc(arena, lt_array_size(count, size));
    memcpy(copy, items, count * size);
    return copy;
}

struct lt_remains *lt_recovery_add(struct lt_recovery *recovery, const struct lt_remains *remains)
{
    struct lt_arena *arena = &recovery->arena;
    size_t parts = remains->extent_count * sizeof *remains->extents + remains->lost_count * sizeof *remains->lost;
    if (arena->bytes + parts > recovery->job->options->memory) {
        recovery->forgotten++;
        return NULL;
    }
    struct lt_remains *copy = copy_array(arena, remains, 1, sizeof *remains);
    struct lt_node *node = copy_array(arena, remains->node, 1, sizeof *node);
    copy->method = recovery->method;
    copy->path = lt_str_dup(arena, remains->path);
    copy->label = lt_str_dup(arena, remains->label);
    copy->whose.inside = lt_str_dup(arena, remains->whose.inside);
    node->name = lt_str_dup(arena, node->name);
    node->target = LT_STR("");
    copy->node = node;
    copy->extents = copy_array(arena, remains->extents, remains->extent_count, sizeof *remains->extents);
    copy->lost = copy_array(arena, remains->lost, remains->lost_count, sizeof *remains->lost);
    lt_list_add(&recovery->finds, arena, copy);
    lt_progress_tell(&recovery->job->progress, "searching", recovery->finds.count, 0);
    return copy;
}

static enum lt_status search_host(struct lt_recovery *recovery, const struct lt_host *host, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    size_t before = recovery->finds.count;
    recovery->host = host;
    for (size_t i = 0; methods[i] && status == LT_OK; i++) {
        if (recovery->freed_only && (methods[i]->of_layers || methods[i]->nameless))
            continue;
        recovery->method = methods[i];
        recovery->state = NULL;
        status = methods[i]->search(recovery, err);
    }
    for (size_t i = before; i < recovery->finds.count; i++) {
        struct lt_remains *remains = recovery->finds.items[i];
        if (!remains->whose.owner)
            remains->whose = lt_whose_is(&recovery->job->inventory, host, remains->path);
    }
    return status;
}

enum lt_status lt_recovery_search(struct lt_recovery *recovery, struct lt_err *err)
{
    struct lt_job *job = recovery->job;
    enum lt_status status = LT_OK;
    lt_each (struct lt_host, host, &job->inventory.hosts) {
        if (status != LT_OK || !host->roots.count)
            continue;
        lt_job_enter(job, host->roots.items[0], "recover");
        status = search_host(recovery, host, err);
    }
    return status;
}

void lt_recovery_end(struct lt_recovery *recovery)
{
    lt_each (const struct end, end, &recovery->ends)
        end->call(end->arg);
    lt_arena_free(&recovery->arena);
}

/* --- the states of one file --- */

/* A state of a file that was deleted counts as of then; of one that is still there, as of its last change. */
static struct lt_time age_of(const struct lt_remains *remains)
{
    const struct lt_node *node = remains->node;
    return node->deleted.set ? node->deleted : node->time[LT_C];
}

/* The states of one inode come in their order. */
static int newest_first(const void *a, const void *b)
{
    const struct state *left = a, *right = b;
    int order = lt_time_cmp(age_of(right->remains), age_of(left->remains));
    return order ? order : (left->number > right->number) - (left->number < right->number);
}

static bool is_at(const struct lt_remains *remains, const struct lt_container *container, struct lt_str path)
{
    if (remains->bare || (remains->lost_count && lt_remains_lost(remains) >= remains->node->size))
        return false;
    return container ? remains->whose.owner->container == container && lt_str_eq(remains->whose.inside, path)
                     : lt_str_eq(remains->path, path);
}

struct lt_list lt_recovery_states(const struct lt_recovery *recovery, const struct lt_container *container,
                                  struct lt_str path, struct lt_arena *arena)
{
    struct lt_list states = {0};
    size_t count = 0;
    struct state *found = lt_new_array(arena, struct state, recovery->finds.count + 1);
    lt_each (const struct lt_remains, remains, &recovery->finds)
        if (is_at(remains, container, path)) {
            found[count] = (struct state){remains, count};
            count++;
        }
    qsort(found, count, sizeof *found, newest_first);
    for (size_t i = 0; i < count; i++)
        lt_list_add(&states, arena, found[i].remains);
    return states;
}

/* --- one find --- */

ssize_t lt_remains_read(const struct lt_remains *remains, void *buffer, size_t size, uint64_t offset)
{
    struct lt_err ignored = {0}; /* the find says what is lost; what cannot be read besides has no hash */
    return offset < remains->node->size ? remains->method->read(remains, buffer, size, offset, &ignored) : 0;
}

bool lt_remains_whole(const struct lt_remains *remains, size_t longest, struct lt_buf *out)
{
    if (!remains->complete || remains->node->size > longest)
        return false;
    size_t size = (size_t)remains->node->size, end = out->len + size;
    lt_buf_reserve(out, size);
    for (ssize_t got; out->len < end; out->len += (size_t)got) {
        got = lt_remains_read(remains, out->ptr + out->len, end - out->len, size - (end - out->len));
        if (got <= 0)
            return false;
    }
    return size;
}

uint64_t lt_remains_lost(const struct lt_remains *remains)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < remains->lost_count; i++)
        lost += remains->lost[i].size;
    return lost;
}
