// SPDX-License-Identifier: Apache-2.0
/* A text of LVM2 metadata. Segments of a volume that can be used follow each other without a gap, and no size is near
 * an overflow.
 *
 * Input: the text. */
#include "evidence/volumes/lvm_group.h"

#include "fuzz.h"

static void check_volume(const struct lt_lvm_group *group, const struct lt_lvm_lv *lv)
{
    uint64_t next = 0;
    lt_each (const struct lt_lvm_segment, segment, &lv->segments) {
        PROMISE(segment->start == next && segment->size && segment->size % group->extent_size == 0);
        next += segment->size;
    }
    PROMISE(next == lv->size && next < UINT64_MAX / 2);
    PROMISE(lv->problem.set || lv->segments.count);
    PROMISE(lt_lvm_lv(group, lv->name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_arena arena = {0};
    struct lt_lvm_group group;
    struct lt_err err = {0};
    if (lt_lvm_group((struct lt_str){(const char *)data, size}, &arena, &group, &err) == LT_OK) {
        PROMISE(group.uuid.len && group.extent_size && group.lvs.count <= LT_LVM_LVS);
        lt_each (const struct lt_lvm_lv, lv, &group.lvs)
            check_volume(&group, lv);
        lt_each (const struct lt_lvm_pv, pv, &group.pvs)
            PROMISE(pv->start < UINT64_MAX / 2 && lt_lvm_pv(&group, pv->name));
    } else {
        PROMISE(err.set);
    }
    lt_arena_free(&arena);
    return 0;
}
