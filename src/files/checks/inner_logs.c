// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

#include "inside/inner_logs.h"

/* The file that the layers below show in its place. Where layers are copies, that is in the one below. */
static void find_lower(struct lt_layer_walk *walk, const struct lt_layer_entry *entry, struct lt_inner_log *log)
{
    struct lt_buf path = {0};
    const struct lt_lower *lower = &entry->place.lower;
    const struct lt_layer *layer = entry->place.found ? lower->layer : walk->layer->parent;
    struct lt_str inside;
    if (entry->place.found && S_ISREG(lower->node.mode)) {
        lt_event_path(&path, &(struct lt_event){.dir = lower->dir, .node = &lower->node});
    } else if (walk->layer->mechanics->copies && layer && lt_path_behind(log->path, walk->layer->content, &inside)) {
        lt_buf_add(&path, layer->content);
        lt_buf_add(&path, inside);
    }
    if (path.len) {
        log->lower_fs = layer->root->fs;
        log->lower = lt_str_dup(walk->ctx->run, lt_buf_view(&path));
    }
    lt_buf_free(&path);
}

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    struct lt_inner_log *log = lt_inner_log_note(walk->ctx, &entry->event);
    (void)state;
    if (log)
        find_lower(walk, entry, log);
    return LT_VERDICT_NEXT;
}

const struct lt_layer_check lt_layer_check_inner_logs = {.entry = entry};
