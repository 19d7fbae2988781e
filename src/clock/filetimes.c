// SPDX-License-Identifier: Apache-2.0
#include "clock/filetimes.h"

#include "store/mechanics.h"

#include <stdlib.h>

static const int64_t SECOND = 1000000000;

/* Tools keep whole seconds, FAT keeps every second one, and a program's own clock is finer than the kernel's. A smaller
 * difference than this proves nothing. */
static const int64_t SLIGHT = 2 * INT64_C(1000000000);

/* The daemon creates the directory of an rw layer within moments of the container's creation time. */
static const int64_t PROMPT = 60 * INT64_C(1000000000);

/* Is `a` before `b` by at least SLIGHT? */
static bool is_before(struct lt_time a, struct lt_time b)
{
    return a.set && b.set && lt_time_diff(a, b) >= SLIGHT;
}

static const char *iso(struct lt_arena *arena, struct lt_time time)
{
    struct lt_buf text = {0};
    lt_time_iso(&text, time, time.nsec ? 9 : 0);
    lt_buf_char(&text, 'Z');
    const char *copy = lt_str_dup(arena, lt_buf_view(&text)).ptr;
    lt_buf_free(&text);
    return copy;
}

#define add(event, arena, tag, ...)                                                                                    \
    ((event)->tags |= LT_TAG_BIT(tag), lt_event_add_fact((event), (arena), lt_str_format((arena), __VA_ARGS__)))

/* The mtime is not that of the lower entry, and is earlier than the copy-up. */
static void add_copied(struct lt_event *event, const struct lt_filetimes *times, struct lt_arena *arena)
{
    const char *mtime = iso(arena, event->node->time[LT_M]), *lower = iso(arena, times->lower->time[LT_M]);
    if (S_ISDIR(event->node->mode))
        add(event, arena, time_set,
            "mtime %s is neither that of the lower directory, %s, nor of a change: set, as unpacking does, and touch",
            mtime, lower);
    else
        add(event, arena, time_anomaly,
            "mtime %s is neither that of the lower file, %s, nor of a write, which would be later: a process set it%s",
            mtime, lower, times->came == LT_CAME_BY_WRITE ? ", be it by copying over it" : "");
}

static void add_older(struct lt_event *event, struct lt_arena *arena)
{
    const struct lt_time *time = event->node->time;
    if (time[LT_M].sec < 0)
        add(event, arena, time_anomaly, "mtime %s lies before 1970, and the birth at %s: a process set it",
            iso(arena, time[LT_M]), iso(arena, time[LT_B]));
    else
        add(event, arena, time_set,
            "mtime %s is older than the birth, %s: set, not written, as copying and unpacking old files do, and "
            "touch%s",
            iso(arena, time[LT_M]), iso(arena, time[LT_B]),
            lt_time_is_stock(time[LT_M]) ? "; it is one that often stands for none" : "");
}

static void check_mtime(struct lt_event *event, const struct lt_filetimes *times, struct lt_arena *arena)
{
    const struct lt_time *time = event->node->time;
    bool copied = times->came != LT_CAME_ANEW;
    bool inherited = times->lower && lt_time_same(time[LT_M], times->lower->time[LT_M]);
    if (times->same_mtime)
        add(event, arena, time_anomaly, "contents are not those of the lower file, but mtime %s is: a process set it%s",
            iso(arena, time[LT_M]), copied ? " back, or the lower file was changed since" : "");
    else if (copied && inherited)
        return;
    else if (is_before(time[LT_C], time[LT_M]))
        add(event, arena, time_anomaly,
            "mtime %s is later than the last change, %s: a process set it, or the host's clock was put back",
            iso(arena, time[LT_M]), iso(arena, time[LT_C]));
    else if (times->births && is_before(time[LT_M], time[LT_B]) && copied)
        add_copied(event, times, arena);
    else if (times->births && is_before(time[LT_M], time[LT_B]))
        add_older(event, arena);
}

/* The atime of a file that was copied up. A read would have set an atime later than the birth. */
static void check_atime(struct lt_event *event, const struct lt_filetimes *times, struct lt_arena *arena)
{
    const struct lt_time *time = event->node->time;
    bool explained = lt_time_same(time[LT_A], time[LT_M]) || !S_ISREG(event->node->mode);
    if (explained || times->came == LT_CAME_ANEW || !times->births || !is_before(time[LT_A], time[LT_B]))
        return;
    struct lt_time lower = times->lower->time[LT_A];
    if (is_before(lower, time[LT_B]) && !lt_time_same(time[LT_A], lower))
        add(event, arena, time_anomaly,
            "atime %s is neither that of the lower file, %s, nor of a read, which would be later: a process set it",
            iso(arena, time[LT_A]), iso(arena, lower));
}

/* No inode of a container is older than the container, unless the driver shares the inodes of the image with it. */
static void check_birth(struct lt_event *event, struct lt_arena *arena)
{
    const struct lt_owner *owner = event->owner;
    struct lt_time birth = event->node->time[LT_B];
    if (owner->role != LT_ROLE_RW || !owner->container || owner->layer->mechanics->whole_rw ||
        !is_before(birth, owner->container->created))
        return;
    add(event, arena, time_anomaly,
        "born at %s, before its container was created at %s: it was moved in from elsewhere, or the host's clock was "
        "put back",
        iso(arena, birth), iso(arena, owner->container->created));
}

void lt_filetimes_check(struct lt_event *event, const struct lt_filetimes *times, struct lt_arena *arena)
{
    check_birth(event, arena);
    if (times->came == LT_CAME_SOMEHOW || (times->came != LT_CAME_ANEW && !times->lower))
        return;
    check_mtime(event, times, arena);
    check_atime(event, times, arena);
}

static enum lt_came came(const struct lt_event *event, const struct lt_upper *upper, const struct lt_lower *lower)
{
    const struct lt_time *time = event->node->time;
    switch (event->change) {
    case LT_CHANGE_ADDED:
    case LT_CHANGE_REPLACED:
    case LT_CHANGE_OPAQUE:
        return LT_CAME_ANEW;
    case LT_CHANGE_MODIFIED: /* in place or by a new file; only the origin shows which */
        return upper->marks.has_origin ? LT_CAME_BY_WRITE : LT_CAME_ANEW;
    case LT_CHANGE_METADATA: /* as above, unless it kept the mtime of the lower entry */
    case LT_CHANGE_COPIED_UP:
    case LT_CHANGE_RENAMED:
        if (upper->marks.has_origin || !upper->marked || (lower && lt_time_same(time[LT_M], lower->node.time[LT_M])))
            return LT_CAME_BY_COPY;
        return LT_CAME_ANEW;
    default:
        return LT_CAME_SOMEHOW;
    }
}

/* Was the file modified or replaced, but kept the mtime of the lower one? Empty files do not count: a power loss may
 * leave one. */
static bool keeps_mtime(struct lt_ctx *ctx, const struct lt_event *event, const struct lt_upper *upper,
                        const struct lt_lower *lower)
{
    const struct lt_node *node = event->node;
    if (!S_ISREG(node->mode) || !S_ISREG(lower->node.mode) || !node->size || lt_time_is_stock(node->time[LT_M]) ||
        !lt_time_same(node->time[LT_M], lower->node.time[LT_M]) || upper->layer->mechanics->whole_rw)
        return false;
    return event->change == LT_CHANGE_MODIFIED ||
           (event->change == LT_CHANGE_REPLACED && lt_contents_differ(ctx, upper, lower));
}

void lt_filetimes_check_rw(struct lt_ctx *ctx, struct lt_event *event, const struct lt_upper *upper,
                           const struct lt_lower *lower, bool births, struct lt_arena *arena)
{
    struct lt_filetimes times = {.came = came(event, upper, lower), .births = births};
    if (lower) {
        times.lower = &lower->node;
        times.same_mtime = keeps_mtime(ctx, event, upper, lower);
    }
    lt_filetimes_check(event, &times, arena);
}

static bool is_known(const struct lt_container *container)
{
    return container->rw && container->rw->created.set && container->created.set;
}

bool lt_birth_kept(const struct lt_container *container)
{
    return is_known(container) && lt_time_diff(container->created, container->rw->created) <= PROMPT;
}

bool lt_births_kept(const struct lt_root *root, const struct lt_container *container)
{
    bool kept = true;
    lt_each (const struct lt_container, one, &root->containers) {
        if (!is_known(one))
            continue;
        if (one == container)
            return lt_birth_kept(one);
        kept &= lt_birth_kept(one);
    }
    return kept;
}

/* --- steps of the clock --- */

enum { MAX_STEPS = 16 };

/* Files whose intervals overlap: from the earliest ctime to the latest birth. `changed`, `born` and `path` are those of
 * the file with the longest interval. */
struct step {
    struct lt_time low, high;
    uint64_t files;
    struct lt_time changed, born;
    struct lt_str path;
};

struct lt_clock_steps {
    struct lt_ctx *ctx;
    struct lt_time made; /* when the current file system was made; unset if unknown */
    struct step steps[MAX_STEPS];
    size_t count;
};

struct lt_clock_steps *lt_clock_steps_new(struct lt_ctx *ctx)
{
    struct lt_clock_steps *steps = lt_realloc(NULL, sizeof *steps);
    *steps = (struct lt_clock_steps){.ctx = ctx};
    return steps;
}

void lt_clock_steps_enter(struct lt_clock_steps *steps, struct lt_fs *fs, struct lt_str path)
{
    if (steps)
        steps->made = fs->ops->made ? fs->ops->made(fs, path, steps->ctx->scratch) : (struct lt_time){0};
}

void lt_clock_steps_free(struct lt_clock_steps *steps)
{
    free(steps);
}

static struct lt_time later(struct lt_time a, struct lt_time b)
{
    return lt_time_cmp(a, b) > 0 ? a : b;
}

static struct lt_time earlier(struct lt_time a, struct lt_time b)
{
    return lt_time_cmp(a, b) < 0 ? a : b;
}

/* Merge `b` into `a`. */
static void join(struct step *a, const struct step *b)
{
    bool wider = lt_time_diff(b->changed, b->born) >= lt_time_diff(a->changed, a->born);
    a->low = earlier(a->low, b->low);
    a->high = later(a->high, b->high);
    a->files += b->files;
    if (!wider)
        return;
    a->changed = b->changed;
    a->born = b->born;
    a->path = b->path;
}

/* Add a step and merge it with those it overlaps. Returns the merged step. If the table is full, the last step is
 * merged as well. */
static struct step *add_step(struct lt_clock_steps *steps, struct step new)
{
    for (size_t i = 0; i < steps->count;) {
        struct step *old = &steps->steps[i];
        if (lt_time_cmp(new.low, old->high) > 0 || lt_time_cmp(old->low, new.high) > 0) {
            i++;
            continue;
        }
        join(&new, old);
        *old = steps->steps[--steps->count];
    }
    if (steps->count == MAX_STEPS)
        join(&new, &steps->steps[--steps->count]);
    steps->steps[steps->count++] = new;
    return &steps->steps[steps->count - 1];
}

/* mke2fs -d fills a file system while it makes it. It copies the ctime of each source file, but not the birth. */
static bool came_with_its_disk(struct lt_time made, struct lt_time born)
{
    int64_t after = made.set ? lt_time_diff(made, born) : -1;
    return after >= 0 && after <= PROMPT;
}

void lt_clock_steps_check(struct lt_clock_steps *steps, struct lt_event *event, struct lt_arena *arena)
{
    struct lt_time born = event->node->time[LT_B], changed = event->node->time[LT_C];
    if (!steps || !born.set || !changed.set || event->node->unallocated || lt_time_cmp(born, changed) <= 0 ||
        came_with_its_disk(steps->made, born))
        return;
    struct step *step = add_step(steps, (struct step){changed, born, 1, changed, born, LT_STR("")});
    if (!step->path.len) { /* no earlier file had a longer interval */
        struct lt_buf path = {0};
        lt_event_path(&path, event);
        step->path = lt_str_dup(steps->ctx->run, lt_buf_view(&path));
        lt_buf_free(&path);
    }
    event->tags |= LT_TAG_BIT(clock_step);
    add(event, arena, time_anomaly, "born at %s, after its last change at %s: the host's clock was put back in between",
        iso(arena, born), iso(arena, changed));
}

static enum lt_status emit_step(struct lt_ctx *ctx, const struct step *step, struct lt_err *err)
{
    int64_t back = lt_time_diff(step->changed, step->born);
    struct lt_event event = {
        .kind = LT_KIND_CLOCK_STEP,
        .time = {step->changed},
        .owner = &ctx->host->owner,
        .where = {.file = step->path, .field = "ctime"},
        .tags = LT_TAG_BIT(clock_step),
    };
    lt_event_add_fact(&event, ctx->scratch,
                      lt_str_format(ctx->scratch,
                                    "the host's clock was put back by at least %jd.%09jd s: a file was born at %s, and "
                                    "last changed at %s",
                                    (intmax_t)(back / SECOND), (intmax_t)(back % SECOND), iso(ctx->scratch, step->born),
                                    iso(ctx->scratch, step->changed)));
    if (step->files > 1)
        lt_event_add_fact(&event, ctx->scratch,
                          lt_str_format(ctx->scratch, "%ju files show it", (uintmax_t)step->files));
    return lt_emit_one(ctx, &event, err);
}

enum lt_status lt_clock_steps_emit(struct lt_clock_steps *steps, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    for (size_t i = 0; steps && status == LT_OK && i < steps->count; i++)
        status = emit_step(steps->ctx, &steps->steps[i], err);
    return status;
}
