// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

/* A directory that was renamed, or a file whose data were left below, names the place it came from. */
static bool find_redirect(struct lt_layer_walk *walk, const struct lt_layer_entry *entry, struct lt_lower_place *place)
{
    struct lt_str redirect = entry->marks.redirect;
    const struct lt_dir *from = lt_str_starts(redirect, LT_STR("/")) ? walk->top : entry->event.dir;
    place->found = from->lower && lt_lower_path(&walk->reader, from->lower, redirect, &place->stack, &place->lower);
    return place->found;
}

static void follow_redirect(struct lt_layer_walk *walk, struct lt_layer_entry *entry)
{
    struct lt_str redirect = entry->marks.redirect;
    if (!redirect.len || !find_redirect(walk, entry, &entry->place))
        return;
    lt_event_add_fact(&entry->event, &walk->of_entry,
                      lt_str_format(&walk->of_entry, "renamed from %.*s", LT_ARG(redirect)));
    entry->hidden = lt_hidden_of(&entry->place.lower);
    entry->moved = false;
    entry->event.hides = &entry->hidden;
    entry->event.change = LT_CHANGE_RENAMED;
}

static void compare_with_lower(struct lt_layer_walk *walk, struct lt_layer_entry *entry)
{
    struct lt_event *event = &entry->event;
    event->change = walk->whole ? LT_CHANGE_ADDED : LT_CHANGE_NONE;
    if (!entry->place.found)
        return;
    entry->hidden = lt_hidden_of(&entry->place.lower);
    event->hides = &entry->hidden;
    event->change = lt_change_of(walk->ctx, &entry->upper, &entry->place.lower, &entry->hidden);
    entry->copied_up = lt_was_copied_up(&entry->upper, event->change);
}

static void add_shown_stat(struct lt_layer_walk *walk, struct lt_event *event, struct lt_str stat)
{
    if (stat.len)
        lt_event_add_fact(event, &walk->of_entry,
                          lt_str_format(&walk->of_entry,
                                        "override_stat %.*s: owner and mode that fuse-overlayfs may show",
                                        (int)(stat.len < 40 ? stat.len : 40), stat.ptr));
}

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    const struct lt_dir *dir = entry->event.dir;
    const struct lt_node *node = entry->event.node;
    const struct lt_lower_place *place = &entry->place;
    uint64_t origin = entry->marks.origin;
    (void)state;
    entry->upper = (struct lt_upper){walk->layer, dir, node, entry->marks, walk->marked, dir->opaque};
    compare_with_lower(walk, entry);
    entry->moved = origin && !S_ISDIR(node->mode) && (!place->found || origin != place->lower.node.ino);
    add_shown_stat(walk, &entry->event, entry->marks.shown_stat);
    follow_redirect(walk, entry);
    return LT_VERDICT_NEXT;
}

const struct lt_layer_check lt_layer_check_changes = {.entry = entry};
