// SPDX-License-Identifier: Apache-2.0
/* Clocks and confidence of file times (linux fs/overlayfs, moby go-archive). For other events the kind decides.
 *
 *   mtime, atime   any process may set them: `claimed`; in an image layer they come from the tar headers of the image's
 *                  builder, unlike those of the records of an image, which this host's daemon wrote
 *   ctime, birth   set only by the kernel of this host: `exact`
 *   whiteout       a device 0:0: no process can set its times, all are the kernel's; a file .wh.NAME is like any file
 */
#include "timeline/normalise.h"

#include "model/inventory.h"

#include <sys/stat.h>

static void judge_file(const struct lt_event *event, enum lt_slot slot, struct lt_row *row)
{
    bool whiteout = event->tags & LT_TAG_BIT(whiteout) && !(event->node && S_ISREG(event->node->mode));
    bool settable = (slot == LT_M || slot == LT_A) && !whiteout;
    bool unpacked = event->owner->layer && event->owner->role == LT_ROLE_IMAGE;
    row->clock = settable && unpacked ? LT_CLOCK_BUILDER : LT_CLOCK_HOST;
    row->confidence = settable ? LT_CLAIMED : LT_EXACT;
}

static void judge(const struct lt_event *event, enum lt_slot slot, struct lt_row *row)
{
    unsigned flags = lt_kinds[event->kind].flags;
    row->clock = flags & LT_BY_BUILDER ? LT_CLOCK_BUILDER : flags & LT_BY_APP ? LT_CLOCK_APPLICATION : LT_CLOCK_HOST;
    bool set_by_hand = !(flags & LT_IS_FILE) && event->tags & LT_TAG_BIT(time_set);
    row->confidence = flags & LT_IS_CLAIM || set_by_hand ? LT_CLAIMED : LT_EXACT;
    if (event->kind == LT_KIND_FILE)
        judge_file(event, slot, row);
    if (event->tags & (LT_TAG_BIT(time_inferred) | LT_TAG_BIT(carved)))
        row->confidence = LT_INFERRED;
    if (event->first.set || event->last.set)
        row->confidence = flags & LT_IS_GUESS ? LT_INFERRED : LT_BOUNDED;
}

size_t lt_normalise(const struct lt_event *event, bool merge, struct lt_row rows[LT_SLOTS])
{
    size_t count = 0;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++) {
        struct lt_time time = event->time[slot];
        if (!time.set)
            continue;
        size_t at = merge ? 0 : count;
        while (at < count && lt_time_cmp(rows[at].time, time) != 0)
            at++;
        if (at == count)
            rows[count++] = (struct lt_row){.event = event, .time = time};
        struct lt_row one;
        judge(event, (enum lt_slot)slot, &one);
        /* A row of merged times claims no more than its weakest time. The enums are in that order. */
        rows[at].clock = one.clock > rows[at].clock ? one.clock : rows[at].clock;
        rows[at].confidence = one.confidence > rows[at].confidence ? one.confidence : rows[at].confidence;
        rows[at].slots |= (uint8_t)(1u << slot);
    }
    return count;
}

static void shift(struct lt_time *time, int64_t nanoseconds)
{
    if (time->set)
        *time = lt_time_add(*time, nanoseconds);
}

void lt_correct_clock(struct lt_event *event, int64_t ahead)
{
    struct lt_row row = {0};
    if (!ahead)
        return;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++) {
        judge(event, (enum lt_slot)slot, &row);
        if (!event->time[slot].set || row.clock != LT_CLOCK_HOST)
            continue;
        shift(&event->time[slot], -ahead);
        if (slot)
            continue;
        shift(&event->first, -ahead);
        shift(&event->last, -ahead);
    }
}
