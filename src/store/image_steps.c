// SPDX-License-Identifier: Apache-2.0
/* Some builders give a step no time: kaniko --reproducible, rules_oci and ko write Go's zero time (go-containerregistry
 * pkg/v1/mutate, Canonical), others leave `created` out, which the specification allows (OCI image-spec
 * config.md, 1.1). jib writes 1970 for its own steps, behind those of the base image, which have theirs.
 *
 * Steps are listed in the order in which they were made. So such a step is not earlier than the last one before it that
 * has a time, and not later than the next one, than the image as a whole, or than its arrival here. Builders lower
 * times (SOURCE_DATE_EPOCH), which makes a bad upper bound: one that is below the lower bound is not used. */
#include "store/image_config.h"

#include "parse/stamp.h"

/* When a step was made. */
struct step_time {
    struct lt_time time;  /* its own; unset if it has none, or one that stands for none */
    bool is_constant;     /* it has one that stands for none */
    size_t before, after; /* the nearest steps with a time of their own; NONE: there is none */
};

enum { NONE = -1 };

struct steps {
    struct lt_ctx *ctx;
    const struct lt_image *image;
    struct step_time *times; /* one for each step */
};

/* One end of the time in which a step was made. If its time is not set, there is none. */
struct bound {
    struct lt_time time;
    const char *field; /* of the configuration, where it was read */
    const char *what;
    bool by_host; /* the host's clock made it */
};

static const struct lt_history *step_at(const struct steps *steps, size_t at)
{
    return steps->image->history.items[at];
}

static const char *field_of(const struct steps *steps, size_t at)
{
    const char *own = step_at(steps, at)->field;
    return own ? own : lt_str_format(steps->ctx->scratch, "history[%zu].created", at).ptr;
}

/* A constant that stands for no time bounds nothing. */
static bool is_real(struct lt_time time)
{
    return time.set && !lt_time_is_stock(time);
}

/* May the host's clock have shown this when an image came here? Only if it was set. */
static bool is_plausible(struct lt_time arrived)
{
    return arrived.set && lt_time_cmp(arrived, lt_time_first_containers()) >= 0;
}

static void read_time(const struct steps *steps, size_t at)
{
    struct step_time *own = &steps->times[at];
    struct lt_str text = step_at(steps, at)->created;
    struct lt_err problem = {0};
    enum lt_status status = lt_stamp_rfc3339(text, &own->time, &problem);
    if (status == LT_SKIP)
        lt_skip_error(steps->ctx, steps->image->config, &problem);
    own->is_constant = status == LT_END && text.len;
}

/* Read the times, and find the neighbours of each step. A constant that is earlier than a step before contradicts it,
 * and is no time. */
static void read_times(const struct steps *steps)
{
    size_t count = steps->image->history.count, near = (size_t)NONE;
    for (size_t i = 0; i < count; i++) {
        struct step_time *own = &steps->times[i];
        read_time(steps, i);
        own->before = near;
        if (is_real(own->time)) {
            near = i;
        } else if (own->time.set && near != (size_t)NONE && lt_time_cmp(own->time, steps->times[near].time) < 0) {
            own->is_constant = true;
            own->time = (struct lt_time){0};
        }
    }
    near = (size_t)NONE;
    for (size_t i = count; i-- > 0;) {
        steps->times[i].after = near;
        if (is_real(steps->times[i].time))
            near = i;
    }
}

/* The time of another step as a bound. */
static struct bound bound_of(const struct steps *steps, size_t at)
{
    if (at == (size_t)NONE)
        return (struct bound){0};
    const char *field = field_of(steps, at);
    return (struct bound){steps->times[at].time, field, field, false};
}

static struct bound upper_bound(const struct steps *steps, size_t at, struct lt_time lower)
{
    const struct lt_image *image = steps->image;
    const struct bound bounds[] = {
        bound_of(steps, steps->times[at].after),
        {is_real(image->created) ? image->created : (struct lt_time){0}, "created", "created of the image", false},
        {is_plausible(image->arrived) ? image->arrived : (struct lt_time){0}, "mtime",
         "the arrival of the image, by the host's clock", true},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (bounds[i].time.set && (!lower.set || lt_time_cmp(lower, bounds[i].time) <= 0))
            return bounds[i];
    return (struct bound){0};
}

#define add_fact(steps, event, ...)                                                                                    \
    lt_event_add_fact((event), (steps)->ctx->scratch, lt_str_format((steps)->ctx->scratch, __VA_ARGS__))

/* Give a step without a time its bounds, if there are any. */
static void bound_step(const struct steps *steps, size_t at, struct lt_event *event)
{
    struct lt_str claim = step_at(steps, at)->created;
    struct bound lower = bound_of(steps, steps->times[at].before), upper = upper_bound(steps, at, lower.time);
    if (steps->times[at].is_constant) {
        event->tags |= LT_TAG_BIT(time_constant);
        add_fact(steps, event, "its own time, %.*s, stands for none", LT_ARG(claim));
    } else {
        add_fact(steps, event, "it has no time of its own");
    }
    if (lower.time.set)
        add_fact(steps, event, "not earlier than %s", lower.what);
    if (upper.time.set)
        add_fact(steps, event, "not later than %s", upper.what);
    /* The image may have come here long after it was built. */
    const struct bound *shown = upper.time.set && !(upper.by_host && lower.time.set) ? &upper : &lower;
    lt_event_bound(event, lower.time, upper.time, shown->time);
    if (shown->field)
        event->where.field = shown->field;
    if (shown->by_host)
        event->kind = LT_KIND_IMAGE_STEP;
    else if (upper.by_host)
        event->tags |= LT_TAG_BIT(time_inferred); /* the bounds are by two clocks */
}

/* Report a build step later than the image's arrival. A clock that is ahead by less than SLIGHT seconds is ignored. */
static void check_arrival(const struct steps *steps, struct lt_event *event)
{
    enum { SLIGHT = 2 };
    struct lt_time arrived = steps->image->arrived;
    struct lt_buf text = {0};
    if (!arrived.set || !event->time[0].set || event->time[0].sec < arrived.sec + SLIGHT)
        return;
    lt_buf_lit(&text, "later than the image came here, ");
    lt_time_iso(&text, arrived, 9);
    lt_buf_lit(&text, "Z: the builder's clock was ahead of the host's, or the time is made up");
    add_fact(steps, event, "%.*s", LT_ARG(lt_buf_view(&text)));
    event->tags |= LT_TAG_BIT(time_anomaly);
    lt_buf_free(&text);
}

static enum lt_status emit_step(const struct steps *steps, size_t at, struct lt_err *err)
{
    const struct lt_image *image = steps->image;
    const struct lt_history *step = step_at(steps, at);
    struct lt_event event = {
        .kind = LT_KIND_IMAGE_HISTORY,
        .time = {steps->times[at].time},
        .owner = &image->owner,
        .where = {.file = image->config, .field = field_of(steps, at)},
    };
    struct lt_attr attrs[4] = {{.key = LT_ATTR_ACTION, .text = LT_STR("build step")}};
    size_t count = 1;
    if (step->created_by.len)
        attrs[count++] = (struct lt_attr){.key = LT_ATTR_COMMAND, .text = step->created_by};
    if (step->comment.len)
        attrs[count++] = (struct lt_attr){.key = LT_ATTR_COMMENT, .text = step->comment};
    if (step->diff_id.len)
        attrs[count++] = (struct lt_attr){.key = LT_ATTR_DIFF_ID, .text = step->diff_id};
    event.attrs = attrs;
    event.attr_count = count;
    if (!event.time[0].set)
        bound_step(steps, at, &event);
    if (image->stamp.set)
        add_fact(steps, &event, "all build steps have this time: it was set for the build");
    if (image->packed && image->platform.len)
        add_fact(steps, &event, "for %.*s", LT_ARG(image->platform));
    check_arrival(steps, &event);
    return lt_emit_one(steps->ctx, &event, err);
}

enum lt_status lt_image_steps_emit(struct lt_ctx *ctx, const struct lt_image *image, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    size_t count = image->history.count;
    struct steps steps = {ctx, image, lt_new_array(ctx->scratch, struct step_time, count + 1)};
    if (!image->packed && image->layers.count < image->diff_ids.count)
        lt_skip(ctx, image->config, LT_CODE_MISSING, "only %zu of its %zu layers are known", image->layers.count,
                image->diff_ids.count);
    read_times(&steps);
    for (size_t i = 0; status == LT_OK && i < count; i++)
        status = emit_step(&steps, i, err);
    return status;
}
