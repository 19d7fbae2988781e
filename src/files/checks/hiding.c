// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

static void *begin(struct lt_layer_walk *walk)
{
    return walk->top->lower ? walk : NULL;
}

/* Are removals of this layer shown only by what is missing from it? */
static bool is_whole_copy(const struct lt_layer_walk *walk)
{
    return lt_layer_is_rw(walk) && walk->layer->mechanics->whole_rw;
}

static void hide(struct lt_layer_walk *walk, const struct lt_lower_place *place)
{
    if (place->found && !walk->layer->mechanics->whole_rw)
        lt_hide(&walk->reader, place->stack, &place->lower, walk->layer);
}

/* What the directory at hand will inherit when it is walked: see enter() in files/layer_walk.c. */
static struct lt_dir *note_child(struct lt_layer_walk *walk, const struct lt_event *event)
{
    struct lt_dir *child = lt_new(&walk->of_dir, struct lt_dir);
    lt_map_put(&walk->children, &walk->of_dir, lt_str_dup(&walk->of_dir, event->node->name), child);
    child->opaque = event->dir->opaque;
    child->opaque_since = event->dir->opaque_since;
    return child;
}

/* A directory over a directory: merged with it, or made anew in its place. */
static void note_directory(struct lt_layer_walk *walk, const struct lt_layer_entry *entry)
{
    const struct lt_event *event = &entry->event;
    const struct lt_time *time = event->node->time;
    struct lt_dir *child = note_child(walk, event);
    child->lower = lt_lower_enter(&walk->reader, entry->place.stack, &entry->place.lower);
    if (entry->marks.opaque && !child->opaque) {
        child->opaque = true;
        child->opaque_since = time[LT_B].set ? time[LT_B] : time[LT_C];
        hide(walk, &entry->place);
    }
    struct lt_removal removal = {
        .by = child->opaque ? LT_REMOVAL_OPAQUE : LT_REMOVAL_MISSING,
        .dir = event->dir,
        .witness = event->node,
        .since = child->opaque_since,
    };
    if (child->lower && (child->opaque || is_whole_copy(walk)))
        lt_removals_add_missing(walk->removals, &removal, child->lower);
}

static void note_root(struct lt_layer_walk *walk, const struct lt_event *event)
{
    struct lt_removal removal = {.by = LT_REMOVAL_MISSING, .dir = event->dir, .witness = event->node};
    if (is_whole_copy(walk))
        lt_removals_add_missing(walk->removals, &removal, event->dir->lower);
}

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    (void)state;
    if (entry->kind == LT_ENTRY_ROOT)
        note_root(walk, &entry->event);
    else if (lt_entry_is_merged(entry))
        note_directory(walk, entry);
    else
        hide(walk, &entry->place);
    return LT_VERDICT_NEXT;
}

const struct lt_layer_check lt_layer_check_hiding = {.begin = begin, .entry = entry};
