// SPDX-License-Identifier: Apache-2.0
#include "evidence/disks/area.h"

static struct lt_area *refuse(struct lt_area *parent, const char *what)
{
    struct lt_err err = {0};
    lt_fail(&err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "%s: what is in %.*s is not read", what,
            LT_ARG(parent->name.len ? parent->name : LT_STR("the image")));
    lt_evidence_note(parent->evidence, &err);
    return NULL;
}

struct lt_area *lt_area_new(struct lt_area *parent, enum lt_area_kind kind, struct lt_str name)
{
    if (parent->depth + 1 >= LT_MAX_STACKED)
        return refuse(parent, "too many volumes in volumes");
    if (parent->disks->count >= LT_MAX_AREAS)
        return refuse(parent, "too many partitions and volumes");
    struct lt_area *area = lt_new(&parent->evidence->arena, struct lt_area);
    *area = (struct lt_area){
        .kind = kind,
        .parent = parent,
        .disks = parent->disks,
        .evidence = parent->evidence,
        .name = name,
        .pathspec = parent->pathspec,
        .number = parent->disks->count++,
        .depth = parent->depth + 1,
    };
    lt_list_add(&parent->children, &parent->evidence->arena, area);
    return area;
}

struct lt_area *lt_area_image(struct lt_evidence *evidence, const struct lt_device *disk, struct lt_str pathspec)
{
    struct lt_area *area = lt_new(&evidence->arena, struct lt_area);
    *area = (struct lt_area){
        .disks = evidence->disks,
        .evidence = evidence,
        .device = *disk,
        .disk = *disk,
        .number = evidence->disks->count++,
        .pathspec = pathspec,
    };
    evidence->area = area;
    return area;
}

bool lt_area_is_read(const struct lt_area *area)
{
    bool read = area->reader;
    lt_each (const struct lt_area, child, &area->children)
        read |= lt_area_is_read(child);
    return read;
}

bool lt_area_is_elsewhere(const struct lt_area *area)
{
    bool elsewhere = area->elsewhere;
    lt_each (const struct lt_area, child, &area->children)
        elsewhere |= lt_area_is_elsewhere(child);
    return elsewhere;
}

bool lt_area_may_hold(const struct lt_area *area)
{
    bool may = !area->children.count && !area->no_host;
    lt_each (const struct lt_area, child, &area->children)
        may |= lt_area_may_hold(child);
    return may;
}
