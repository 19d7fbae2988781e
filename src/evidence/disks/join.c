// SPDX-License-Identifier: Apache-2.0
#include "evidence/disks/disks.h"
#include "evidence/disks/unread.h"
#include "evidence/volumes/volumes.h"

#include <stddef.h>

/* A part without a group may be a part of any group of its kind. */
static bool may_join(const struct lt_member *member, const struct lt_member *first)
{
    return !member->used && member->kind == first->kind &&
           (!member->group.len || lt_str_eq(member->group, first->group));
}

static bool has_id(const struct lt_list *members, struct lt_str id)
{
    lt_each (const struct lt_member, member, members)
        if (lt_str_eq(member->id, id))
            return true;
    return false;
}

/* The parts of the group of `first`. Of disks that are copies of each other, those of one machine: copies of a disk
 * with several parts are given one set after the other. */
static struct lt_list parts_of(const struct lt_disks *disks, struct lt_member *first)
{
    struct lt_list parts = {0};
    lt_each (struct lt_member, member, &disks->members)
        if (may_join(member, first) && !has_id(&parts, member->id))
            lt_list_add(&parts, &first->area->evidence->arena, member);
    return parts;
}

static void search_volumes(const struct lt_list *volumes)
{
    lt_each (struct lt_area, area, volumes)
        lt_disks_search(area);
}

/* Report what could not be made, but for the volumes that are searched, which do so by themselves. */
static void report_unmade(const struct lt_joining *joining, struct lt_area *area)
{
    if (!lt_list_has(&joining->volumes, area))
        lt_unread_report(area);
    lt_each (struct lt_area, child, &area->children)
        if (child->kind == LT_AREA_GROUP || child->kind == LT_AREA_VOLUME)
            report_unmade(joining, child);
}

/* Make volumes of the group of `first`. False: more parts are needed. */
static bool join_group(struct lt_disks *disks, struct lt_member *first, bool last)
{
    struct lt_joining joining = {.members = parts_of(disks, first), .last = last};
    if (first->kind->join(&joining) == LT_END)
        return false;
    lt_each (struct lt_member, member, &joining.members) {
        member->used = member->group.len || member->taken;
        member->area->elsewhere = member->used && joining.area && joining.area->parent != member->area;
    }
    if (joining.area)
        report_unmade(&joining, joining.area);
    search_volumes(&joining.volumes);
    return true;
}

static bool join_any(struct lt_disks *disks, bool last)
{
    for (size_t kind = 0; lt_volume_kinds[kind]; kind++)
        lt_each (struct lt_member, member, &disks->members)
            if (!member->used && member->group.len && member->kind == lt_volume_kinds[kind] &&
                join_group(disks, member, last))
                return true;
    return false;
}

/* Every call that joins uses up a part, and the number of parts is bounded. */
void lt_disks_join(struct lt_disks *disks)
{
    while (join_any(disks, false) || join_any(disks, true))
        continue;
    lt_each (struct lt_member, member, &disks->members)
        if (!member->used)
            lt_unread_report(member->area);
}
