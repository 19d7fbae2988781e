// SPDX-License-Identifier: Apache-2.0
#include "command/pick.h"

#include "command/record.h"
#include "model/told.h"
#include "run/show.h"
#include "run/traces.h"
#include "timeline/filter.h"

static void add_fitting(struct lt_arena *arena, const struct lt_list *containers, const char *which, enum lt_fit sure,
                        struct lt_list *out)
{
    lt_each (struct lt_container, container, containers)
        if (lt_filter_fit(which, container) == sure)
            lt_list_add(out, arena, container);
}

/* Those that `which` fits best: of the containers of the stores, and of those of which only traces are known so far. */
static struct lt_list find(const struct lt_job *job, struct lt_arena *arena, const char *which)
{
    struct lt_list found = {0};
    for (enum lt_fit sure = LT_FIT_WHOLE; sure > LT_FIT_PATTERN && !found.count; sure--)
        for (int removed = 0; removed <= 1 && !found.count; removed++)
            lt_each (const struct lt_root, root, &job->inventory.roots) {
                const struct lt_list traces = removed ? lt_told_removed(root, arena) : (struct lt_list){0};
                add_fitting(arena, removed ? &traces : &root->containers, which, sure, &found);
            }
    return found;
}

static void list_candidates(const struct lt_list *found)
{
    lt_each (const struct lt_container, container, found)
        lt_say("%.*s%s%.*s  %.*s  in %s, %.*s", LT_ARG(container->namespace), container->namespace.len ? "/" : "",
               LT_ARG(container->id), LT_ARG(container->name), container->root->part->evidence->spec,
               LT_ARG(container->root->path));
}

enum lt_status lt_pick_container(struct lt_job *job, const char *which, const struct lt_container **out,
                                 struct lt_err *err)
{
    struct lt_arena arena = {0};
    struct lt_list found = find(job, &arena, which);
    uint64_t none;
    if (!found.count && lt_traces_find(job, LT_TRACES_REPORT, &none, err) != LT_OK)
        return LT_FATAL;
    if (!found.count)
        found = find(job, &arena, which);
    size_t count = found.count;
    *out = count ? found.items[0] : NULL;
    if (count > 1)
        list_candidates(&found);
    lt_arena_free(&arena);
    if (!count)
        return lt_no_container(&job->inventory, which, err);
    if (count > 1)
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "'%s' is ambiguous: give the whole ID of one of these %zu%s",
                       which, count, job->evidence.count > 1 ? ", and one evidence" : "");
    return LT_OK;
}
