// SPDX-License-Identifier: Apache-2.0
/* Arrays of Linux md: mirrors, and disks one behind the other. Other levels are named. */
#include "evidence/disks/unread.h"
#include "evidence/image/partition.h"
#include "evidence/volumes/joined.h"
#include "evidence/volumes/md_super.h"
#include "evidence/volumes/volumes.h"

#define ASSEMBLE "assemble the array (mdadm --assemble --readonly --run /dev/md0 DEVICES) and pass /dev/md0"

/* --- a disk of an array ------------------------------------------------------------------------------------------- */

static bool load(const struct lt_area *area, uint64_t at, unsigned char *bytes, size_t *size)
{
    uint64_t left = at < area->device.size ? area->device.size - at : 0;
    *size = left < LT_MD_SUPER ? (size_t)left : LT_MD_SUPER;
    return *size && lt_device_read(&area->device, at, bytes, *size);
}

static bool find_super_1(const struct lt_area *area, unsigned char *bytes, struct lt_md_super *out)
{
    uint64_t places[] = {LT_MD_SUPER, 0, 0};
    size_t count = lt_md_place_1_0(area->device.size, &places[2]) ? 3 : 2, size;
    for (size_t i = 0; i < count; i++)
        if (load(area, places[i], bytes, &size) &&
            lt_md_super_1((struct lt_cursor){.ptr = bytes, .len = size}, places[i], out))
            return true;
    return false;
}

/* The superblock at the end of the last partition may be where that of the whole disk would be: it does not say where
 * it is, but how large its device is. */
static bool find_super_0(const struct lt_area *area, unsigned char *bytes, struct lt_md_super *out)
{
    uint64_t at;
    size_t size;
    if (!lt_md_place_0_90(area->device.size, &at) || !load(area, at, bytes, &size) ||
        !lt_md_super_0((struct lt_cursor){.ptr = bytes, .len = size}, out))
        return false;
    out->usable = at;
    return at == out->size || lt_partition_table(&area->device) == LT_PARTITION_NONE;
}

/* As mdadm prints it. */
static struct lt_str uuid_text(struct lt_arena *arena, const unsigned char uuid[16])
{
    struct lt_buf text = {0};
    for (unsigned i = 0; i < 16; i++)
        lt_buf_printf(&text, "%s%02x", i && i % 4 == 0 ? ":" : "", uuid[i]);
    struct lt_str copy = lt_str_dup(arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return copy;
}

static enum lt_status md_look(struct lt_area *area, struct lt_member *out, struct lt_err *err)
{
    struct lt_arena *arena = &area->evidence->arena;
    unsigned char bytes[LT_MD_SUPER];
    struct lt_md_super *super = lt_new(arena, struct lt_md_super);
    (void)err;
    if (!find_super_1(area, bytes, super) && !find_super_0(area, bytes, super))
        return LT_END;
    super->name = lt_str_dup(arena, super->name);
    out->group = uuid_text(arena, super->uuid);
    out->id = super->major ? uuid_text(arena, super->disk_uuid) : lt_str_format(arena, "disk %u", super->disk);
    out->self = super;
    area->holds = LT_STR("Linux md disk");
    area->uuid = out->id;
    area->detail = lt_str_format(arena, "of array %.*s, version %u.%u, events %ju", LT_ARG(out->group), super->major,
                                 super->major ? super->minor : 90, (uintmax_t)super->events);
    return LT_OK;
}

/* --- an array ----------------------------------------------------------------------------------------------------- */

static const struct lt_md_super *super_of(const struct lt_member *member)
{
    return member->self;
}

/* Is it a part of the array that is up to date? The kernel takes a disk that is one event behind. */
static bool is_current(const struct lt_member *member, uint64_t events)
{
    const struct lt_md_super *super = super_of(member);
    return super->role < super->disks && super->synced && super->events + 1 >= events;
}

static uint64_t newest_events(const struct lt_list *members)
{
    uint64_t events = 0;
    lt_each (const struct lt_member, member, members)
        if (super_of(member)->events > events)
            events = super_of(member)->events;
    return events;
}

/* The newest disk whose contents are complete; NULL: none is. */
static struct lt_member *best_of(const struct lt_list *members)
{
    uint64_t events = newest_events(members);
    struct lt_member *best = NULL;
    lt_each (struct lt_member, member, members)
        if (is_current(member, events) && (!best || super_of(member)->events > super_of(best)->events))
            best = member;
    return best;
}

static size_t count_current(const struct lt_list *members)
{
    uint64_t events = newest_events(members);
    size_t count = 0;
    lt_each (const struct lt_member, member, members)
        count += is_current(member, events);
    return count;
}

/* What the disk gives to a linear array. */
static uint64_t linear_size(const struct lt_md_super *super)
{
    return super->chunk ? super->usable / super->chunk * super->chunk : super->usable;
}

static enum lt_status make_linear(struct lt_area *area, const struct lt_list *members, uint32_t disks,
                                  struct lt_err *err)
{
    struct lt_arena *arena = &area->evidence->arena;
    struct lt_list pieces = {0};
    uint64_t start = 0;
    for (uint32_t role = 0; role < disks; role++) {
        struct lt_piece *piece = lt_new(arena, struct lt_piece);
        lt_each (const struct lt_member, member, members) {
            const struct lt_md_super *super = super_of(member);
            if (super->role != role || piece->size)
                continue;
            *piece = (struct lt_piece){.start = start, .size = linear_size(super)};
            piece->device = lt_device_slice(&member->area->device, super->start, piece->size, LT_STR(""));
        }
        if (!piece->size || start > UINT64_MAX / 2)
            return lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "disk %u of %u is not in the evidence: give it, too", role,
                           disks);
        start += piece->size;
        lt_list_add(&pieces, arena, piece);
    }
    area->device = lt_joined(arena, &pieces);
    return LT_OK;
}

static enum lt_status make(struct lt_area *area, const struct lt_list *members, const struct lt_member *best,
                           struct lt_err *err)
{
    const struct lt_md_super *super = super_of(best);
    if (super->disks > LT_MD_DISKS)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "an array of %u disks", super->disks);
    if (super->level == LT_MD_LINEAR)
        return make_linear(area, members, super->disks, err);
    if (super->level != 1)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "arrays of level %d are not read: " ASSEMBLE,
                       super->level);
    area->device = lt_device_slice(&best->area->device, super->start, super->size, LT_STR(""));
    return LT_OK;
}

/* "host:name" is /dev/md/name, and a number is /dev/md0, too. */
static void name_nodes(struct lt_area *area, const struct lt_member *best)
{
    struct lt_arena *arena = &area->evidence->arena;
    struct lt_list *nodes = &area->identity.nodes;
    const struct lt_md_super *super = super_of(best);
    struct lt_str name = super->name, host = lt_str_cut(&name, ':');
    if (!name.len)
        name = host;
    bool number = name.len;
    for (size_t i = 0; i < name.len; i++)
        number &= name.ptr[i] >= '0' && name.ptr[i] <= '9';
    if (!super->major)
        lt_list_add_str(nodes, arena, lt_str_format(arena, "/dev/md%u", super->number));
    if (number)
        lt_list_add_str(nodes, arena, lt_str_format(arena, "/dev/md%.*s", LT_ARG(name)));
    if (name.len)
        lt_list_add_str(nodes, arena, lt_str_format(arena, "/dev/md/%.*s", LT_ARG(name)));
    if (super->name.len)
        lt_list_add_str(nodes, arena, lt_str_format(arena, "/dev/disk/by-id/md-name-%.*s", LT_ARG(super->name)));
    lt_list_add_str(nodes, arena, lt_str_format(arena, "/dev/disk/by-id/md-uuid-%.*s", LT_ARG(best->group)));
}

/* What is on it is an older state of the array. */
static void report_stale(const struct lt_list *members)
{
    uint64_t events = newest_events(members);
    lt_each (struct lt_member, member, members) {
        const struct lt_md_super *super = super_of(member);
        if (is_current(member, events) || super->role >= super->disks)
            continue;
        lt_fail(&member->area->problem, LT_SKIP, LT_CODE_MISSING, 0,
                "this disk of the array %.*s is out of date (%ju events, the newest has %ju), and is not read: give it "
                "alone to see its state",
                LT_ARG(member->group), (uintmax_t)super->events, (uintmax_t)events);
        lt_unread_note(member->area, &member->area->problem);
    }
}

static enum lt_status md_join(struct lt_joining *out)
{
    struct lt_member *first = out->members.items[0], *best = best_of(&out->members);
    const struct lt_md_super *super = super_of(best ? best : first);
    size_t current = count_current(&out->members);
    if (!out->last && current < super->disks)
        return LT_END;
    best = best ? best : first;
    struct lt_arena *arena = &best->area->evidence->arena;
    struct lt_str name = super->name.len ? super->name : first->group;
    struct lt_area *area = lt_area_new(best->area, LT_AREA_VOLUME, lt_str_format(arena, "array %.*s", LT_ARG(name)));
    out->area = area;
    if (!area)
        return LT_OK;
    report_stale(&out->members);
    area->use = super->level == LT_MD_LINEAR ? LT_STR("linear") : lt_str_format(arena, "raid%d", super->level);
    area->volume_uuid = best->group;
    area->detail = lt_str_format(arena, "%zu of %u disks", current, super->disks);
    area->made = super->made ? lt_time_at((int64_t)super->made, 0) : (struct lt_time){0};
    if (make(area, &out->members, best, &area->problem) != LT_OK)
        return LT_OK;
    area->device.place = lt_str_format(arena, "in %.*s", LT_ARG(area->name));
    area->device.failed = &area->evidence->failed_reads;
    area->disk = area->device;
    area->size = area->device.size;
    name_nodes(area, best);
    lt_list_add(&out->volumes, arena, area);
    return LT_OK;
}

const struct lt_volume_kind lt_volume_md = {
    .name = "md",
    .look = md_look,
    .join = md_join,
};
