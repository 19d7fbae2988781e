// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

/* Where image layers hold all that is below them, nothing in them changes or hides anything. */
static void *begin(struct lt_layer_walk *walk)
{
    const struct lt_layer *layer = walk->layer;
    if (layer->role != LT_ROLE_IMAGE || !layer->mechanics->copies)
        walk->top->lower = lt_lower_of_layer(&walk->reader, layer, &walk->whole);
    return lt_layer_is_rw(walk) || walk->top->lower ? walk : NULL;
}

static void read_marks(struct lt_layer_walk *walk, struct lt_layer_entry *entry)
{
    const struct lt_dir *dir = entry->event.dir;
    const struct lt_node *node = entry->event.node;
    entry->marks = lt_marks_of(walk->ctx, walk->layer, dir, node, &walk->of_entry);
    if (S_ISDIR(node->mode) && dir->lower && walk->layer->mechanics->named_marks)
        entry->marks.opaque |= lt_named_opaque(walk->ctx, walk->layer, lt_dir_child(walk->ctx->run, dir, node));
    walk->marked |= entry->marks.has_origin;
    entry->event.tags |= entry->marks.opaque ? LT_TAG_BIT(opaque) : 0;
}

/* fuse-overlayfs names the origin of a copy by its path. */
static void find_origin(struct lt_layer_walk *walk, struct lt_overlay_marks *marks)
{
    if (!marks->origin_path.len || !walk->top->lower)
        return;
    const struct lt_lower_stack *stack;
    struct lt_lower lower = {0};
    if (lt_lower_path(&walk->reader, walk->top->lower, marks->origin_path, &stack, &lower))
        marks->origin = lower.node.ino;
}

static void find_place(struct lt_layer_walk *walk, struct lt_layer_entry *entry)
{
    struct lt_lower_place *place = &entry->place;
    place->stack = entry->event.dir->lower;
    place->found = place->stack && lt_lower_find(&walk->reader, place->stack, entry->subject, &place->lower);
}

/* Marks matter for what the container changed, and for directories that may be opaque. Reading them costs calls. */
static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    bool plain = entry->kind == LT_ENTRY_PLAIN, changed = plain && lt_layer_is_rw(walk);
    (void)state;
    if (changed) {
        read_marks(walk, entry);
        find_origin(walk, &entry->marks);
    }
    find_place(walk, entry);
    if (plain && !changed && lt_entry_is_merged(entry))
        read_marks(walk, entry);
    return LT_VERDICT_NEXT;
}

const struct lt_layer_check lt_layer_check_lower = {.begin = begin, .entry = entry};
