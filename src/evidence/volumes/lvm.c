// SPDX-License-Identifier: Apache-2.0
/* LVM2: what is on a physical volume, and the logical volumes of those that belong together. */
#include "evidence/volumes/lvm_disk.h"
#include "evidence/volumes/lvm_history.h"
#include "evidence/volumes/lvm_make.h"
#include "evidence/volumes/volumes.h"

enum {
    MAX_TEXT = 32 << 20, /* bytes of a text that is read */
    MAX_RING = 8 << 20,  /* bytes of a metadata area in which older texts are looked for; usual is 1 MiB */
};

/* What is known of a physical volume. */
struct pv {
    struct lt_lvm_label label;
    struct lt_lvm_group *group; /* by the newest text on it; NULL: there is none */
};

/* --- a physical volume -------------------------------------------------------------------------------------------- */

static bool read_label(const struct lt_area *area, struct lt_lvm_label *out)
{
    unsigned char sector[LT_LVM_HEADER];
    for (unsigned i = 0; i < LT_LVM_LABEL_SECTORS; i++) {
        if (!lt_device_read(&area->device, (uint64_t)i * sizeof sector, sector, sizeof sector))
            return false;
        struct lt_cursor bytes = {.ptr = sector, .len = sizeof sector};
        if (lt_lvm_label(bytes, i, &area->evidence->arena, out))
            return true;
    }
    return false;
}

/* The newest text of a metadata area, which may go on at the start of the ring. False: it is damaged. */
static bool read_text(const struct lt_area *area, const struct lt_lvm_area *metadata, struct lt_str *out)
{
    uint64_t size = metadata->text.size, start = metadata->span.start;
    uint64_t left = metadata->span.size - metadata->text.start, first = size < left ? size : left;
    if (size > MAX_TEXT || size > area->device.size)
        return false;
    unsigned char *bytes = lt_arena_alloc(&area->evidence->arena, size);
    *out = (struct lt_str){(const char *)bytes, size};
    return lt_device_read(&area->device, start + metadata->text.start, bytes, first) &&
           lt_device_read(&area->device, start + LT_LVM_HEADER, bytes + first, size - first) &&
           lt_lvm_crc(bytes, size) == metadata->crc;
}

/* Take the group of a metadata area if it is newer than what is known. */
static void take_metadata(const struct lt_area *area, struct pv *pv, struct lt_lvm_span span, struct lt_err *err)
{
    unsigned char header[LT_LVM_HEADER];
    struct lt_cursor bytes = {.ptr = header, .len = sizeof header};
    struct lt_lvm_area metadata;
    struct lt_str text;
    if (!lt_device_read(&area->device, span.start, header, sizeof header) || !lt_lvm_area(bytes, span, &metadata)) {
        lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the header of the metadata at byte %ju is damaged",
                (uintmax_t)span.start);
        return;
    }
    if (!metadata.text.size || metadata.ignored)
        return;
    struct lt_lvm_group *group = lt_new(&area->evidence->arena, struct lt_lvm_group);
    if (!read_text(area, &metadata, &text))
        lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the metadata at byte %ju have a wrong checksum",
                (uintmax_t)span.start);
    else if (lt_lvm_group(text, &area->evidence->arena, group, err) == LT_OK &&
             (!pv->group || group->number > pv->group->number))
        pv->group = group;
}

static enum lt_status lvm_look(struct lt_area *area, struct lt_member *out, struct lt_err *err)
{
    struct lt_lvm_label label;
    struct lt_err problem = {0};
    if (!read_label(area, &label))
        return LT_END;
    struct pv *pv = lt_new(&area->evidence->arena, struct pv);
    pv->label = label;
    for (unsigned i = 0; i < label.count; i++)
        take_metadata(area, pv, label.areas[i], &problem);
    if (problem.set && !pv->group)
        return lt_fail(err, LT_SKIP, problem.code, 0, "%s", problem.text);
    if (label.size > area->device.size)
        lt_fail(&problem, LT_SKIP, LT_CODE_TRUNCATED, 0,
                "the physical volume is cut off by the end of the image: %ju of %ju bytes are there",
                (uintmax_t)area->device.size, (uintmax_t)label.size);
    area->problem = problem; /* if the metadata are damaged, another copy is whole */
    area->holds = LT_STR("LVM2 physical volume");
    area->uuid = label.uuid;
    out->id = label.uuid;
    out->self = pv;
    if (pv->group) {
        out->group = pv->group->uuid;
        area->detail = lt_str_format(&area->evidence->arena, "of group %.*s", LT_ARG(pv->group->name));
    }
    return LT_OK;
}

/* Find what the texts about the group on a physical volume tell. */
static void find_changes(const struct lt_area *area, const struct pv *pv, struct lt_arena *arena,
                         struct lt_list *changes)
{
    struct lt_list texts = {0};
    for (unsigned i = 0; i < pv->label.count; i++) {
        struct lt_lvm_span span = pv->label.areas[i];
        uint64_t size = span.size > LT_LVM_HEADER ? span.size - LT_LVM_HEADER : 0;
        if (!size || size > MAX_RING)
            continue;
        char *ring = lt_arena_alloc(arena, size);
        if (lt_device_read(&area->device, span.start + LT_LVM_HEADER, ring, size))
            lt_lvm_texts((struct lt_str){ring, size}, pv->group->uuid, arena, &texts);
    }
    lt_lvm_changes(&texts, arena, changes);
}

/* --- a group ------------------------------------------------------------------------------------------------------ */

/* Parts of a group on their way to volumes. */
struct joining {
    struct lt_joining *out;
    const struct lt_lvm_group *group;
    struct lt_area *area; /* of the group */
    struct lt_lvm_maker maker;
};

static const struct lt_lvm_group *newest_group(const struct lt_list *members)
{
    const struct lt_lvm_group *newest = NULL;
    lt_each (const struct lt_member, member, members) {
        const struct pv *pv = member->self;
        if (pv->group && (!newest || pv->group->number > newest->number))
            newest = pv->group;
    }
    return newest;
}

static struct lt_arena *arena_of(const struct lt_list *members)
{
    const struct lt_member *first = members->items[0];
    return &first->area->evidence->arena;
}

/* The physical volume that has the newest text. */
static const struct lt_member *holder_of(const struct lt_list *members, const struct lt_lvm_group *group)
{
    const struct lt_member *holder = NULL;
    lt_each (const struct lt_member, member, members)
        if (((const struct pv *)member->self)->group == group)
            holder = member;
    return holder;
}

static struct lt_member *member_of(const struct lt_list *members, const struct lt_lvm_pv *pv)
{
    lt_each (struct lt_member, member, members)
        if (lt_str_eq(member->id, pv->uuid))
            return member;
    return NULL;
}

/* How a volume is called in tables of mounts: dashes in names are doubled where one joins them (lvm2 2.03.16
 * libdm/libdm-string.c). */
static struct lt_str mapper_name(struct lt_arena *arena, struct lt_str group, struct lt_str volume)
{
    struct lt_buf text = {0};
    const struct lt_str parts[] = {group, volume};
    for (unsigned i = 0; i < 2; i++) {
        if (i)
            lt_buf_char(&text, '-');
        for (size_t at = 0; at < parts[i].len; at++) {
            if (parts[i].ptr[at] == '-')
                lt_buf_char(&text, '-');
            lt_buf_char(&text, parts[i].ptr[at]);
        }
    }
    struct lt_str copy = lt_str_dup(arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return copy;
}

static struct lt_str without_dashes(struct lt_arena *arena, struct lt_str uuid)
{
    char *text = lt_arena_alloc(arena, uuid.len + 1);
    size_t length = 0;
    for (size_t i = 0; i < uuid.len; i++)
        if (uuid.ptr[i] != '-')
            text[length++] = uuid.ptr[i];
    return (struct lt_str){text, length};
}

static void name_nodes(struct lt_area *area, const struct lt_lvm_group *group, const struct lt_lvm_lv *lv)
{
    struct lt_arena *arena = &area->evidence->arena;
    struct lt_list *nodes = &area->identity.nodes;
    struct lt_str mapper = mapper_name(arena, group->name, lv->name);
    lt_list_add_str(nodes, arena, lt_str_format(arena, "/dev/mapper/%.*s", LT_ARG(mapper)));
    lt_list_add_str(nodes, arena, lt_str_format(arena, "/dev/%.*s/%.*s", LT_ARG(group->name), LT_ARG(lv->name)));
    lt_list_add_str(nodes, arena, lt_str_format(arena, "/dev/disk/by-id/dm-name-%.*s", LT_ARG(mapper)));
    lt_list_add_str(nodes, arena,
                    lt_str_format(arena, "/dev/disk/by-id/dm-uuid-LVM-%.*s%.*s",
                                  LT_ARG(without_dashes(arena, group->uuid)), LT_ARG(without_dashes(arena, lv->uuid))));
    area->identity.all_nodes = true;
}

/* A pool has no files of its own. */
static bool is_pool(const struct lt_lvm_lv *lv)
{
    return lv->segments.count &&
           lt_str_ends(((const struct lt_lvm_segment *)lv->segments.items[0])->type, LT_STR("-pool"));
}

/* The type of its first segment; a single stripe is none. */
static struct lt_str use_of(const struct lt_lvm_lv *lv)
{
    const struct lt_lvm_segment *first = lv->segments.count ? lv->segments.items[0] : NULL;
    if (!first)
        return LT_STR("");
    bool linear = lt_str_eq(first->type, LT_STR("striped")) && lt_lvm_number(first->node, "stripe_count", 1) == 1;
    return linear ? LT_STR("linear") : first->type;
}

static void add_volume(struct joining *joining, const struct lt_lvm_lv *lv, unsigned number)
{
    const struct lt_lvm_group *group = joining->group;
    struct lt_arena *arena = &joining->area->evidence->arena;
    struct lt_str name = lt_str_format(arena, "volume %.*s/%.*s", LT_ARG(group->name), LT_ARG(lv->name));
    struct lt_area *area = lt_area_new(joining->area, LT_AREA_VOLUME, name);
    if (!area)
        return;
    area->use = use_of(lv);
    area->made = lv->created ? lt_time_at((int64_t)lv->created, 0) : (struct lt_time){0};
    area->no_host = is_pool(lv);
    area->volume_uuid = lv->uuid;
    if (area->no_host)
        return;
    name_nodes(area, group, lv);
    area->pathspec = lt_str_format(arena,
                                   "{\"__type__\": \"PathSpec\", \"location\": \"/lvm%u\", \"parent\": %.*s, "
                                   "\"type_indicator\": \"LVM\"}",
                                   number, LT_ARG(joining->area->pathspec));
    if (lt_lvm_make_shown(&joining->maker, lv, &area->device, &area->problem) != LT_OK)
        return;
    area->device.place = lt_str_format(arena, "in %.*s", LT_ARG(name));
    area->device.failed = &area->evidence->failed_reads;
    area->disk = area->device;
    area->size = area->device.size;
    lt_list_add(&joining->out->volumes, arena, area);
}

/* Find the disks of the group, and the first of them. Returns how many are missing. */
static size_t find_disks(const struct joining *joining, const struct lt_device **pvs, struct lt_area **first)
{
    size_t missing = 0;
    *first = NULL;
    lt_each (const struct lt_lvm_pv, pv, &joining->group->pvs) {
        struct lt_member *member = member_of(&joining->out->members, pv);
        pvs[pv_at] = member ? &member->area->reach : NULL;
        missing += !member;
        if (!member)
            continue;
        member->taken = true;
        if (!*first)
            *first = member->area;
    }
    return missing;
}

static enum lt_status lvm_join(struct lt_joining *out)
{
    struct joining joining = {.out = out, .group = newest_group(&out->members)};
    struct lt_area *first;
    if (!joining.group)
        return out->last ? LT_OK : LT_END;
    struct lt_arena *arena = arena_of(&out->members);
    const struct lt_device **pvs = lt_new_array(arena, const struct lt_device *, joining.group->pvs.count + 1);
    size_t missing = find_disks(&joining, pvs, &first);
    if (missing && !out->last)
        return LT_END;
    if (!first)
        return LT_OK;
    joining.area =
        lt_area_new(first, LT_AREA_GROUP, lt_str_format(arena, "volume group %.*s", LT_ARG(joining.group->name)));
    out->area = joining.area;
    if (!joining.area)
        return LT_OK;
    joining.area->holds = LT_STR("LVM2 volume group");
    joining.area->uuid = joining.group->uuid;
    if (missing)
        joining.area->detail =
            lt_str_format(arena, "%zu of %zu physical volumes are missing", missing, joining.group->pvs.count);
    joining.maker = (struct lt_lvm_maker){
        .group = joining.group,
        .pvs = pvs,
        .made = lt_new_array(arena, struct lt_lvm_made, joining.group->lvs.count + 1),
        .arena = arena,
    };
    const struct lt_member *holder = holder_of(&out->members, joining.group);
    find_changes(holder->area, holder->self, arena, &joining.area->changes);
    unsigned number = 0;
    lt_each (const struct lt_lvm_lv, lv, &joining.group->lvs)
        if (lv->visible)
            add_volume(&joining, lv, ++number);
    return LT_OK;
}

const struct lt_volume_kind lt_volume_lvm = {
    .name = "LVM2",
    .look = lvm_look,
    .join = lvm_join,
};
