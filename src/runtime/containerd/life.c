// SPDX-License-Identifier: Apache-2.0
/* The records of a container that exist, and witnesses for whether it ran at seizure. */
#include "read/facts.h"
#include "runtime/containerd/containerd.h"
#include "store/containerd/tasks.h"

/* Does the container have a directory in `folder`, in which there is one for each task? */
static bool add_task(struct lt_ctx *ctx, const struct lt_container *container, struct lt_str folder,
                     struct lt_arena *arena, struct lt_life *life)
{
    struct lt_node node;
    struct lt_str path = lt_path_join(arena, lt_path_join(arena, folder, container->namespace), container->id);
    if (lt_stat_or_skip(ctx, folder, &node) != LT_OK)
        return false;
    bool there = lt_stat_or_skip(ctx, path, &node) == LT_OK;
    struct lt_buf born = {0};
    if (there && node.time[LT_B].set) {
        lt_buf_lit(&born, ", born ");
        lt_time_iso(&born, node.time[LT_B], 9);
        lt_buf_lit(&born, "+00:00");
    }
    lt_fact_add(
        &life->witnesses, arena, "",
        lt_str_format(arena, "%.*s: %s%.*s", LT_ARG(path), there ? "there" : "not there", LT_ARG(lt_buf_view(&born))));
    lt_buf_free(&born);
    return there;
}

/* A directory in /run is lost at power-off. One on disk outlives it, and proves nothing; but without one no task was
 * left. */
void lt_containerd_life(struct lt_ctx *ctx, const struct lt_container *container, struct lt_arena *arena,
                        struct lt_life *out)
{
    const struct lt_containerd_container *own = lt_containerd_container(container);
    lt_identifier_add(ctx->inventory, &out->files, "record_path", lt_containerd(ctx->root)->database);
    if (own && own->cri.len)
        lt_identifier_add(ctx->inventory, &out->files, "cri_path", own->cri);
    bool live = add_task(ctx, container, LT_STR("/run/containerd/" LT_TASKS_V2), arena, out);
    bool left = add_task(ctx, container, lt_root_path(ctx, LT_TASKS_V2), arena, out);
    bool known = own && own->cri.len && !container->infra;
    if (known)
        lt_fact_add(&out->witnesses, arena, "",
                    container->running      ? LT_STR("status: started, and not finished")
                    : container->found_dead ? LT_STR("status: found dead when containerd started: it ended before")
                                            : LT_STR("status: not running"));
    out->ran = live ? LT_YES : !left || (known && !container->running) ? LT_NO : known ? LT_YES : LT_UNKNOWN;
}
