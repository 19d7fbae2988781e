// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/lvm_group.h"

enum { MAX_EXTENT = 1 << 30 /* sectors */ };

/* Sizes stay below this, so that sums of two do not overflow. */
static const uint64_t most_bytes = UINT64_MAX / 4;

static bool product(uint64_t count, uint64_t size, uint64_t *out)
{
    if (size && count > most_bytes / size)
        return false;
    *out = count * size;
    return true;
}

/* Seconds since 1970; 0: none, or one that no clock shows before the year 10000. */
static uint64_t creation_time(const struct lt_lvm_node *section)
{
    static const uint64_t last = 253402300799;
    uint64_t seconds = lt_lvm_number(section, "creation_time", 0);
    return seconds <= last ? seconds : 0;
}

static void add_pv(struct lt_lvm_group *group, struct lt_arena *arena, const struct lt_lvm_node *node)
{
    struct lt_lvm_pv *pv = lt_new(arena, struct lt_lvm_pv);
    *pv = (struct lt_lvm_pv){
        .name = node->name,
        .uuid = lt_lvm_string(node, "id"),
        .device = lt_lvm_string(node, "device"),
        .extents = lt_lvm_number(node, "pe_count", 0),
    };
    if (product(lt_lvm_number(node, "pe_start", 0), LT_LVM_SECTOR, &pv->start))
        lt_list_add(&group->pvs, arena, pv);
}

/* The next segment must begin where the last one ended. */
static bool add_segment(const struct lt_lvm_group *group, struct lt_arena *arena, struct lt_lvm_lv *lv,
                        const struct lt_lvm_node *node)
{
    struct lt_lvm_segment *segment = lt_new(arena, struct lt_lvm_segment);
    segment->node = node;
    segment->type = lt_lvm_string(node, "type");
    if (!product(lt_lvm_number(node, "start_extent", UINT64_MAX), group->extent_size, &segment->start) ||
        !product(lt_lvm_number(node, "extent_count", 0), group->extent_size, &segment->size) || !segment->size ||
        segment->start != lv->size || segment->start > most_bytes - segment->size)
        return false;
    lv->size += segment->size;
    lt_list_add(&lv->segments, arena, segment);
    return true;
}

static void add_lv(struct lt_lvm_group *group, struct lt_arena *arena, const struct lt_lvm_node *node)
{
    struct lt_lvm_lv *lv = lt_new(arena, struct lt_lvm_lv);
    *lv = (struct lt_lvm_lv){
        .name = node->name,
        .uuid = lt_lvm_string(node, "id"),
        .visible = lt_lvm_has(node, "status", "VISIBLE"),
        .created = creation_time(node),
    };
    lt_list_add(&group->lvs, arena, lv);
    uint64_t count = lt_lvm_number(node, "segment_count", 0);
    lt_each (const struct lt_lvm_node, segment, &node->nodes)
        if (segment->type == LT_LVM_SECTION && lt_str_starts(segment->name, LT_STR("segment")) &&
            !add_segment(group, arena, lv, segment))
            break;
    if (!count || lv->segments.count != count)
        lt_fail(&lv->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "segment %zu is missing, or not where it must be",
                lv->segments.count + 1);
}

/* The one section at the top. */
static const struct lt_lvm_node *find_group(const struct lt_lvm_node *root)
{
    lt_each (const struct lt_lvm_node, node, &root->nodes)
        if (node->type == LT_LVM_SECTION)
            return node;
    return NULL;
}

enum lt_status lt_lvm_group(struct lt_str text, struct lt_arena *arena, struct lt_lvm_group *out, struct lt_err *err)
{
    struct lt_lvm_node *root = lt_new(arena, struct lt_lvm_node);
    *out = (struct lt_lvm_group){0};
    if (lt_lvm_parse(text, arena, root, err) != LT_OK)
        return LT_SKIP;
    const struct lt_lvm_node *node = find_group(root);
    if (!node)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no volume group in its text");
    uint64_t extent = lt_lvm_number(node, "extent_size", 0);
    *out = (struct lt_lvm_group){
        .name = node->name,
        .uuid = lt_lvm_string(node, "id"),
        .number = lt_lvm_number(node, "seqno", 0),
        .extent_size = extent * LT_LVM_SECTOR,
        .written = creation_time(root),
        .why = lt_lvm_string(root, "description"),
    };
    if (!out->uuid.len || !extent || extent > MAX_EXTENT)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a volume group without a UUID, or with impossible extents");
    const struct lt_lvm_node *pvs = lt_lvm_section(node, "physical_volumes");
    const struct lt_lvm_node *lvs = lt_lvm_section(node, "logical_volumes");
    if (pvs)
        lt_each (const struct lt_lvm_node, pv, &pvs->nodes)
            add_pv(out, arena, pv);
    if (lvs && lvs->nodes.count > LT_LVM_LVS)
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "more than %d logical volumes", LT_LVM_LVS);
    if (lvs)
        lt_each (const struct lt_lvm_node, lv, &lvs->nodes)
            add_lv(out, arena, lv);
    return LT_OK;
}

const struct lt_lvm_lv *lt_lvm_lv(const struct lt_lvm_group *group, struct lt_str name)
{
    lt_each (const struct lt_lvm_lv, lv, &group->lvs)
        if (lt_str_eq(lv->name, name))
            return lv;
    return NULL;
}

const struct lt_lvm_pv *lt_lvm_pv(const struct lt_lvm_group *group, struct lt_str name)
{
    lt_each (const struct lt_lvm_pv, pv, &group->pvs)
        if (lt_str_eq(pv->name, name))
            return pv;
    return NULL;
}

const struct lt_lvm_node *lt_lvm_snapshot(const struct lt_lvm_group *group, const struct lt_lvm_lv *lv)
{
    lt_each (const struct lt_lvm_lv, other, &group->lvs) {
        const struct lt_lvm_segment *segment = other->segments.count ? other->segments.items[0] : NULL;
        if (segment && lt_str_eq(segment->type, LT_STR("snapshot")) &&
            lt_str_eq(lt_lvm_string(segment->node, "cow_store"), lv->name))
            return segment->node;
    }
    return NULL;
}
