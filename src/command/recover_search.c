// SPDX-License-Identifier: Apache-2.0
/* A search for what remains of files, by all methods, host by host. */
#include "command/recover.h"

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
    return copy;
}

enum lt_status lt_recovery_enter(struct lt_recovery *recovery, const struct lt_host *host, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    size_t before = recovery->finds.count;
    recovery->host = host;
    for (size_t i = 0; methods[i] && status == LT_OK; i++) {
        recovery->method = methods[i];
        recovery->state = NULL;
        status = methods[i]->search(recovery, err);
    }
    for (size_t i = before; i < recovery->finds.count; i++) {
        struct lt_remains *remains = recovery->finds.items[i];
        if (!remains->whose.owner)
            remains->whose = lt_whose_is(&recovery->owners, host, remains->path);
    }
    return status;
}

void lt_recovery_end(struct lt_recovery *recovery)
{
    lt_each (const struct end, end, &recovery->ends)
        end->call(end->arg);
    lt_arena_free(&recovery->arena);
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
