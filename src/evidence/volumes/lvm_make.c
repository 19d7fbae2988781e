// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/lvm_make.h"

#include "base/cursor.h"
#include "evidence/volumes/joined.h"
#include "evidence/volumes/snapshot.h"
#include "evidence/volumes/thin.h"

enum { MAX_LEGS = 1024 };

/* --- what a segment lies on --------------------------------------------------------------------------------------- */

static enum lt_status on_pv(const struct lt_lvm_maker *maker, size_t number, uint64_t offset, uint64_t size,
                            struct lt_device *out, struct lt_err *err)
{
    const struct lt_lvm_pv *pv = maker->group->pvs.items[number];
    const struct lt_device *device = maker->pvs[number];
    if (!device)
        return lt_fail(
            err, LT_SKIP, LT_CODE_MISSING, 0,
            "the physical volume with the UUID %.*s is not in the evidence: give its disk, too (it was %.*s)",
            LT_ARG(pv->uuid), LT_ARG(pv->device));
    *out = lt_device_slice(device, pv->start + offset, size, device->place);
    return LT_OK;
}

static enum lt_status on_lv(struct lt_lvm_maker *maker, struct lt_str name, uint64_t offset, uint64_t size,
                            struct lt_device *out, struct lt_err *err)
{
    const struct lt_lvm_lv *lv = lt_lvm_lv(maker->group, name);
    struct lt_device whole = {0};
    if (!lv)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "it lies on '%.*s', which is not there", LT_ARG(name));
    enum lt_status status = lt_lvm_make(maker, lv, &whole, err);
    if (status == LT_OK)
        *out = lt_device_slice(&whole, offset, size, whole.place);
    return status;
}

/* The device of `size` bytes from an extent of what is called `name` on. */
static enum lt_status find_area(struct lt_lvm_maker *maker, struct lt_str name, uint64_t extent, uint64_t size,
                                struct lt_device *out, struct lt_err *err)
{
    if (extent > UINT64_MAX / 4 / maker->group->extent_size)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "it lies at an impossible place of '%.*s'", LT_ARG(name));
    uint64_t offset = extent * maker->group->extent_size;
    lt_each (const struct lt_lvm_pv, pv, &maker->group->pvs)
        if (lt_str_eq(pv->name, name))
            return on_pv(maker, pv_at, offset, size, out, err);
    return on_lv(maker, name, offset, size, out, err);
}

/* --- types of segments -------------------------------------------------------------------------------------------- */

/* "pv0", 0, "pv1", 0: pairs of a name and an extent. */
static enum lt_status leg_of(struct lt_lvm_maker *maker, const struct lt_lvm_node *list, uint64_t number, uint64_t size,
                             struct lt_device *out, struct lt_err *err)
{
    if (!list || number > list->nodes.count || list->nodes.count - number < number + 2)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a segment does not say on what it lies");
    const struct lt_lvm_node *name = list->nodes.items[2 * number], *extent = list->nodes.items[2 * number + 1];
    if (name->type != LT_LVM_TEXT || extent->type != LT_LVM_NUMBER || extent->number < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a segment does not say on what it lies");
    return find_area(maker, name->text, (uint64_t)extent->number, size, out, err);
}

static enum lt_status make_striped(struct lt_lvm_maker *maker, const struct lt_lvm_segment *segment,
                                   struct lt_device *out, struct lt_err *err)
{
    const struct lt_lvm_node *list = lt_lvm_list(segment->node, "stripes");
    uint64_t count = lt_lvm_number(segment->node, "stripe_count", 1);
    uint64_t chunk = lt_lvm_number(segment->node, "stripe_size", 0);
    if (count == 1)
        return leg_of(maker, list, 0, segment->size, out, err);
    if (!count || count > MAX_LEGS || !chunk || chunk > UINT32_MAX || segment->size % count)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "impossible stripes");
    struct lt_device *legs = lt_new_array(maker->arena, struct lt_device, count);
    for (uint64_t i = 0; i < count; i++)
        if (leg_of(maker, list, i, segment->size / count, &legs[i], err) != LT_OK)
            return LT_SKIP;
    *out = lt_striped(maker->arena, legs, (unsigned)count, chunk * LT_LVM_SECTOR, segment->size);
    return LT_OK;
}

/* The log of a mirror says what of the other legs is in sync; the first one always is. */
static enum lt_status make_mirror(struct lt_lvm_maker *maker, const struct lt_lvm_segment *segment,
                                  struct lt_device *out, struct lt_err *err)
{
    return leg_of(maker, lt_lvm_list(segment->node, "mirrors"), 0, segment->size, out, err);
}

/* --- RAID 1: dm-raid keeps a superblock of each leg (linux 6.18 drivers/md/dm-raid.c) ------------------------------
 */

/* What tells how good a leg is. */
struct leg {
    bool known;      /* its superblock can be read */
    uint64_t events; /* the more, the newer */
    uint64_t failed; /* which legs it knows to have failed, a bit each */
    uint64_t synced; /* sectors that are as they must be */
};

static struct leg look_at_leg(const struct lt_device *metadata)
{
    enum { SIZE = 64, MAGIC = 0x64526D44 };
    unsigned char bytes[SIZE];
    struct lt_cursor super = {.ptr = bytes, .len = sizeof bytes};
    if (!lt_device_read(metadata, 0, bytes, sizeof bytes) || lt_le32(&super, 0) != MAGIC)
        return (struct leg){0};
    return (struct leg){true, lt_cursor_le(&super, 16, 8), lt_cursor_le(&super, 24, 8), lt_cursor_le(&super, 32, 8)};
}

static bool is_better(const struct leg *leg, const struct leg *best)
{
    if (leg->known != best->known)
        return leg->known;
    return leg->events != best->events ? leg->events > best->events : leg->synced > best->synced;
}

/* Pairs of what describes a leg and the leg: "var_rmeta_0", "var_rimage_0". The newest of those that are there, but
 * none that the newest knows to have failed. */
static enum lt_status make_raid1(struct lt_lvm_maker *maker, const struct lt_lvm_segment *segment,
                                 struct lt_device *out, struct lt_err *err)
{
    const struct lt_lvm_node *list = lt_lvm_list(segment->node, "raids");
    struct leg best = {0};
    struct lt_err missing = {0};
    bool any = false;
    for (size_t i = 0; list && i + 1 < list->nodes.count && i < MAX_LEGS; i += 2) {
        const struct lt_lvm_node *meta = list->nodes.items[i], *image = list->nodes.items[i + 1];
        struct lt_device metadata, device;
        if (on_lv(maker, image->text, 0, segment->size, &device, &missing) != LT_OK)
            continue;
        bool described = on_lv(maker, meta->text, 0, UINT64_MAX, &metadata, NULL) == LT_OK;
        struct leg leg = described ? look_at_leg(&metadata) : (struct leg){0};
        bool failed = best.known && i / 2 < 64 && best.failed >> (i / 2) & 1;
        if (any && (failed || !is_better(&leg, &best)))
            continue;
        any = true;
        best = leg;
        *out = device;
    }
    if (any)
        return LT_OK;
    return lt_fail(err, LT_SKIP, missing.set ? missing.code : LT_CODE_DAMAGED, 0, "%s",
                   missing.set ? missing.text : "a mirror without legs");
}

/* --- thin volumes ------------------------------------------------------------------------------------------------- */

static const struct lt_lvm_node *pool_of(const struct lt_lvm_maker *maker, const struct lt_lvm_segment *segment)
{
    const struct lt_lvm_lv *pool = lt_lvm_lv(maker->group, lt_lvm_string(segment->node, "thin_pool"));
    const struct lt_lvm_segment *first = pool && pool->segments.count ? pool->segments.items[0] : NULL;
    return first && lt_str_eq(first->type, LT_STR("thin-pool")) ? first->node : NULL;
}

static enum lt_status make_thin(struct lt_lvm_maker *maker, const struct lt_lvm_segment *segment, struct lt_device *out,
                                struct lt_err *err)
{
    const struct lt_lvm_node *pool = pool_of(maker, segment);
    struct lt_str origin = lt_lvm_string(segment->node, "external_origin");
    struct lt_device metadata, data, old;
    if (!pool)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "its thin pool is not there");
    if (on_lv(maker, lt_lvm_string(pool, "metadata"), 0, UINT64_MAX, &metadata, err) != LT_OK ||
        on_lv(maker, lt_lvm_string(pool, "pool"), 0, UINT64_MAX, &data, err) != LT_OK ||
        (origin.len && on_lv(maker, origin, 0, UINT64_MAX, &old, err) != LT_OK))
        return LT_SKIP;
    const struct lt_thin_args args = {
        .metadata = &metadata,
        .data = &data,
        .origin = origin.len ? &old : NULL,
        .id = lt_lvm_number(segment->node, "device_id", 0),
        .size = segment->size,
    };
    return lt_thin(maker->arena, &args, out, err);
}

static const struct {
    const char *type;
    enum lt_status (*make)(struct lt_lvm_maker *maker, const struct lt_lvm_segment *segment, struct lt_device *out,
                           struct lt_err *err);
} types[] = {
    {"striped", make_striped}, {"linear", make_striped}, {"mirror", make_mirror},
    {"raid1", make_raid1},     {"thin", make_thin},
};

static enum lt_status make_segment(struct lt_lvm_maker *maker, const struct lt_lvm_segment *segment,
                                   struct lt_device *out, struct lt_err *err)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (lt_str_eq(segment->type, lt_str_c(types[i].type)))
            return types[i].make(maker, segment, out, err);
    return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                   "volumes of type '%.*s' are not read: activate the group (losetup -fP IMAGE, vgchange -ay) and pass "
                   "the volume",
                   LT_ARG(segment->type));
}

/* --- volumes ------------------------------------------------------------------------------------------------------ */

static enum lt_status make_all(struct lt_lvm_maker *maker, const struct lt_lvm_lv *lv, struct lt_device *out,
                               struct lt_err *err)
{
    struct lt_list pieces = {0};
    if (lv->problem.set)
        return lt_fail(err, LT_SKIP, lv->problem.code, 0, "%s", lv->problem.text);
    lt_each (const struct lt_lvm_segment, segment, &lv->segments) {
        struct lt_piece *piece = lt_new(maker->arena, struct lt_piece);
        *piece = (struct lt_piece){.start = segment->start, .size = segment->size};
        if (make_segment(maker, segment, &piece->device, err) != LT_OK)
            return LT_SKIP;
        lt_list_add(&pieces, maker->arena, piece);
    }
    *out = lt_joined(maker->arena, &pieces);
    return LT_OK;
}

enum lt_status lt_lvm_make_shown(struct lt_lvm_maker *maker, const struct lt_lvm_lv *lv, struct lt_device *out,
                                 struct lt_err *err)
{
    const struct lt_lvm_node *snapshot = lt_lvm_snapshot(maker->group, lv);
    struct lt_device store, origin;
    if (!snapshot)
        return lt_lvm_make(maker, lv, out, err);
    if (lt_lvm_make(maker, lv, &store, err) != LT_OK ||
        on_lv(maker, lt_lvm_string(snapshot, "origin"), 0, UINT64_MAX, &origin, err) != LT_OK)
        return LT_SKIP;
    return lt_snapshot(maker->arena, &origin, &store, out, err);
}

static struct lt_lvm_made *made_of(const struct lt_lvm_maker *maker, const struct lt_lvm_lv *lv)
{
    size_t number = 0;
    while (maker->group->lvs.items[number] != lv)
        number++;
    return &maker->made[number];
}

enum lt_status lt_lvm_make(struct lt_lvm_maker *maker, const struct lt_lvm_lv *lv, struct lt_device *out,
                           struct lt_err *err)
{
    struct lt_lvm_made *made = made_of(maker, lv);
    if (made->state == LT_LVM_TRYING || maker->depth >= LT_LVM_STACKED)
        return lt_fail(err, LT_SKIP, LT_CODE_CYCLE, 0, "it lies on itself, or on too many volumes in each other");
    if (made->state == LT_LVM_UNTRIED) {
        made->state = LT_LVM_TRYING;
        maker->depth++;
        enum lt_status status = make_all(maker, lv, &made->device, &made->problem);
        maker->depth--;
        made->state = status == LT_OK ? LT_LVM_MADE : LT_LVM_FAILED;
    }
    *out = made->device;
    if (made->state == LT_LVM_FAILED)
        return lt_fail(err, LT_SKIP, made->problem.code, 0, "%s", made->problem.text);
    return LT_OK;
}
