// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/lvm_history.h"

#include <stdlib.h>

enum { ALIGNED = 512, MAX_TEXTS = 4096 };

/* Texts do not overlap, but those of a hostile disk: all that is parsed has the size of the ring twice at most. */

/* --- texts -------------------------------------------------------------------------------------------------------- */

/* "vg0 {" */
static bool begins_text(struct lt_str text)
{
    size_t at = 0;
    while (at < text.len && text.ptr[at] > ' ' && text.ptr[at] != '{')
        at++;
    return at && lt_str_starts(lt_str_skip(text, at), LT_STR(" {\n")) && at < text.len;
}

static bool has_number(const struct lt_list *texts, uint64_t number)
{
    lt_each (const struct lt_lvm_group, text, texts)
        if (text->number == number)
            return true;
    return false;
}

static int by_number(const void *a, const void *b)
{
    const struct lt_lvm_group *const *left = a, *const *right = b;
    return (*left)->number < (*right)->number ? -1 : (*left)->number > (*right)->number;
}

void lt_lvm_texts(struct lt_str ring, struct lt_str uuid, struct lt_arena *arena, struct lt_list *texts)
{
    size_t budget = 2 * ring.len;
    for (size_t at = 0; at < ring.len && texts->count < MAX_TEXTS; at += ALIGNED) {
        struct lt_str rest = lt_str_skip(ring, at), text = lt_str_cut(&rest, '\0');
        if (!begins_text(text))
            continue;
        if (text.len > budget)
            break;
        budget -= text.len;
        struct lt_lvm_group group, *copy;
        if (lt_lvm_group(text, arena, &group, NULL) != LT_OK || !group.written || !lt_str_eq(group.uuid, uuid) ||
            has_number(texts, group.number))
            continue;
        copy = lt_new(arena, struct lt_lvm_group);
        *copy = group;
        lt_list_add(texts, arena, copy);
    }
    if (texts->count)
        qsort(texts->items, texts->count, sizeof *texts->items, by_number);
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

static struct lt_time time_of(uint64_t seconds)
{
    return seconds ? lt_time_at((int64_t)seconds, 0) : (struct lt_time){0};
}

static const struct lt_lvm_lv *with_uuid(const struct lt_lvm_group *group, struct lt_str uuid)
{
    lt_each (const struct lt_lvm_lv, lv, &group->lvs)
        if (lt_str_eq(lv->uuid, uuid))
            return lv;
    return NULL;
}

/* Two texts that follow each other, and where what they tell goes. */
struct step {
    const struct lt_lvm_group *old, *new; /* the first text has no older one: NULL */
    struct lt_arena *arena;
    struct lt_list *changes;
};

static bool is_next(const struct step *step)
{
    return step->old && step->new->number == step->old->number + 1;
}

static struct lt_volume_change *add(struct step *step, enum lt_volume_deed deed, const struct lt_lvm_lv *lv)
{
    struct lt_volume_change *change = lt_new(step->arena, struct lt_volume_change);
    *change = (struct lt_volume_change){
        .deed = deed,
        .group = step->new->name,
        .name = lv->name,
        .uuid = lv->uuid,
        .number = step->new->number,
        .last = time_of(step->new->written),
        .first = time_of(is_next(step) ? step->new->written
                         : step->old   ? step->old->written
                                       : 0),
        .command = is_next(step) ? step->new->why : LT_STR(""),
    };
    lt_list_add(step->changes, step->arena, change);
    return change;
}

/* The volume that this one is a snapshot of; "": of none. */
static struct lt_str origin_of(const struct lt_lvm_group *group, const struct lt_lvm_lv *lv)
{
    const struct lt_lvm_segment *first = lv->segments.count ? lv->segments.items[0] : NULL;
    if (first && lt_str_eq(first->type, LT_STR("thin")))
        return lt_lvm_string(first->node, "origin");
    const struct lt_lvm_node *snapshot = lt_lvm_snapshot(group, lv);
    return snapshot ? lt_lvm_string(snapshot, "origin") : LT_STR("");
}

/* A volume tells itself when it was made. */
static void add_made(struct step *step, const struct lt_lvm_lv *lv)
{
    struct lt_volume_change *change = add(step, LT_VOLUME_MADE, lv);
    change->origin = origin_of(step->new, lv);
    if (lv->created)
        change->first = change->last = time_of(lv->created);
}

static void add_differences(struct step *step, const struct lt_lvm_lv *old, const struct lt_lvm_lv *new)
{
    if (!lt_str_eq(old->name, new->name))
        add(step, LT_VOLUME_RENAMED, new)->origin = old->name;
    if (old->size != new->size) {
        struct lt_volume_change *change = add(step, LT_VOLUME_RESIZED, new);
        change->old_size = old->size;
        change->new_size = new->size;
    }
}

static void compare(struct step *step)
{
    lt_each (const struct lt_lvm_lv, lv, &step->new->lvs) {
        const struct lt_lvm_lv *old = step->old ? with_uuid(step->old, lv->uuid) : NULL;
        if (lv->visible && old)
            add_differences(step, old, lv);
        else if (lv->visible)
            add_made(step, lv);
    }
    if (step->old)
        lt_each (const struct lt_lvm_lv, lv, &step->old->lvs)
            if (lv->visible && !with_uuid(step->new, lv->uuid))
                add(step, LT_VOLUME_REMOVED, lv);
}

void lt_lvm_changes(const struct lt_list *texts, struct lt_arena *arena, struct lt_list *changes)
{
    struct step step = {.arena = arena, .changes = changes};
    lt_each (const struct lt_lvm_group, text, texts) {
        step.new = text;
        compare(&step);
        step.old = text;
    }
}
