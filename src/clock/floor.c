// SPDX-License-Identifier: Apache-2.0
#include "clock/floor.h"

#include "clock/filetimes.h"
#include "store/mechanics.h"

static const int64_t DAY = INT64_C(86400) * 1000000000;
static const int64_t YEAR = INT64_C(365) * 86400 * 1000000000;

/* Of what a runtime dated. */
static struct lt_floor first_containers(void)
{
    return (struct lt_floor){.time = lt_time_first_containers(), .what = "there were containers"};
}

/* Of files that others may have made long ago and moved here. The first Linux was announced on 1991-08-25. */
static struct lt_floor first_linux(void)
{
    enum { ANNOUNCED = 683078400 };
    return (struct lt_floor){.time = lt_time_at(ANNOUNCED, 0), .what = "there was a Linux"};
}

static void raise(struct lt_floor *floor, const char *what, struct lt_time when, int64_t slack, struct lt_time newest)
{
    if (!when.set || (newest.set && lt_time_cmp(when, lt_time_add(newest, DAY)) > 0))
        return;
    struct lt_time time = lt_time_add(when, -slack);
    if (lt_time_cmp(time, floor->time) > 0)
        *floor = (struct lt_floor){time, what, when};
}

static void raise_to_image(struct lt_floor *floor, const struct lt_image *image, struct lt_time newest)
{
    bool confirmed = image->created.set && image->arrived.set && lt_time_cmp(image->created, image->arrived) <= 0;
    raise(floor, "its image was built", image->created, confirmed ? DAY : YEAR, newest);
}

/* Is its image surely the one that it was made from? Docker names that by its ID. containerd's records have a name,
 * which may mean another image by now; those of the CRI plug-in also the digest of its configuration. Another image may
 * have had the same layers. */
static bool is_image_sure(const struct lt_container *container)
{
    struct lt_str digest = lt_identifier_of(&container->identifiers, "image_reference");
    if (container->tags & LT_TAG_BIT(image_inferred))
        return false;
    if (!container->image || !container->namespace.len)
        return container->image;
    return digest.len && container->image->config.len && lt_str_ends(digest, lt_str_basename(container->image->config));
}

static void raise_to_layer(struct lt_floor *floor, const struct lt_container *container, struct lt_time newest)
{
    const struct lt_layer *top = container->layers.count ? container->layers.items[0] : NULL;
    if (top && top->created.set && lt_birth_kept(container) && lt_time_cmp(container->created, top->created) < 0)
        raise(floor, "the layer below it was born", top->created, DAY, newest);
}

struct lt_floor lt_floor_of_container(const struct lt_container *container, bool created, struct lt_time newest)
{
    struct lt_floor floor = first_containers();
    if (is_image_sure(container))
        raise_to_image(&floor, container->image, newest);
    raise_to_layer(&floor, container, newest);
    raise(&floor, "its container was created", container->created, created ? DAY : 3 * YEAR, newest);
    return floor;
}

/* Is it a time at which the runtime says that the container was created, started or ended? Of what else is told of its
 * configuration, some belongs to its pod, which may be older. */
static bool is_of_life(const struct lt_container *container, struct lt_time time)
{
    return lt_time_same(time, container->created) || lt_time_same(time, container->started) ||
           lt_time_same(time, container->finished);
}

/* Does what was dated belong to the container alone? */
static bool is_of_container(const struct lt_owner *owner, struct lt_time time, bool is_file)
{
    if (!owner->container)
        return false;
    if (owner->role == LT_ROLE_RW || owner->role == LT_ROLE_INIT)
        return owner->layer && !owner->layer->mechanics->whole_rw;
    return !is_file &&
           (owner->role == LT_ROLE_LOG || (owner->role == LT_ROLE_CONFIG && is_of_life(owner->container, time)));
}

static struct lt_floor floor_of(const struct lt_event *event, struct lt_time time, struct lt_time newest)
{
    const struct lt_owner *owner = event->owner;
    bool is_file = lt_event_is_file(event);
    if (is_file && (owner->bind || owner->role == LT_ROLE_VOLUME || owner->role == LT_ROLE_HOST))
        return first_linux();
    if (is_of_container(owner, time, is_file)) /* a container that started earlier than it was created */
        return lt_floor_of_container(owner->container, owner->role == LT_ROLE_CONFIG, newest);
    struct lt_floor floor = first_containers();
    if (owner->role == LT_ROLE_IMAGE && !owner->layer && owner->image && lt_time_same(time, owner->image->arrived))
        raise_to_image(&floor, owner->image, newest);
    return floor;
}

/* A time that stands for none is that of a file system which was made with it. */
static bool is_below(const struct lt_floor *floor, struct lt_time time)
{
    return time.set && !lt_time_is_stock(time) && lt_time_cmp(time, floor->time) < 0;
}

/* A file that was born before its container was moved in, or else the clock was put back: see filetimes.h. */
static bool may_be_moved(const struct lt_event *event)
{
    const struct lt_container *container = event->owner->container;
    struct lt_time birth = event->node->time[LT_B];
    return event->owner->role == LT_ROLE_RW && container && container->created.set && birth.set &&
           lt_time_cmp(birth, container->created) < 0;
}

/* Was the container made by a clock that was behind, and its file changed on that day? Then an mtime is of the same
 * clock, even if somebody might have set it. */
static bool is_of_early_container(const struct lt_owner *owner, struct lt_time time)
{
    const struct lt_container *container = owner->container;
    if (!container || owner->role != LT_ROLE_RW || !container->created.set)
        return false;
    return lt_time_cmp(container->created, lt_time_first_containers()) < 0 &&
           lt_time_cmp(time, container->created) >= 0 && lt_time_cmp(time, lt_time_add(container->created, DAY)) < 0;
}

bool lt_floor_breaks(const struct lt_event *event, struct lt_time time, struct lt_time newest, struct lt_floor *floor)
{
    *floor = floor_of(event, time, newest);
    if (lt_time_cmp(time, floor->time) >= 0 || event->kind == LT_KIND_CLOCK_STEP)
        return false;
    if (!lt_event_is_file(event))
        return true;
    const struct lt_time *times = event->node->time;
    if (is_of_early_container(event->owner, time))
        return true;
    return !may_be_moved(event) && (is_below(floor, times[LT_C]) || is_below(floor, times[LT_B]));
}

void lt_floor_explain(struct lt_buf *out, const struct lt_floor *floor)
{
    lt_buf_printf(out, "before %s", floor->what);
    if (floor->when.set) {
        lt_buf_lit(out, ", ");
        lt_time_iso(out, floor->when, 9);
        lt_buf_char(out, 'Z');
    }
    lt_buf_lit(out, ": the host's clock was behind");
}
