// SPDX-License-Identifier: Apache-2.0
#include "files/walked.h"

#include "evidence/walk.h"

static void seen(void *arg, size_t count)
{
    lt_seen(lt_walk_ctx(arg), count);
}

static void failed(void *arg, struct lt_str path, const struct lt_err *problem, size_t count)
{
    struct lt_ctx *ctx = lt_walk_ctx(arg);
    lt_skip_error(ctx, path, problem);
    /* The walk has already counted these entries as seen. */
    lt_report_counts(ctx->report, ctx->reader)->seen -= count;
}

struct lt_walk lt_counted_walk(struct lt_ctx *ctx, struct lt_lister *lister)
{
    return (struct lt_walk){.fs = ctx->fs, .run = ctx->run, .lister = lister, .seen = seen, .failed = failed};
}

struct lt_event lt_file_event(const struct lt_owner *owner, const struct lt_dir *dir, const struct lt_node *node)
{
    struct lt_event event = {.kind = LT_KIND_FILE, .owner = owner, .dir = dir, .node = node};
    memcpy(event.time, node->time, sizeof event.time);
    event.tags = node->damaged ? LT_TAG_BIT(damaged) : 0;
    return event;
}

void lt_shown_end(struct lt_shown *shown)
{
    lt_buf_free(&shown->path);
    lt_buf_free(&shown->inside);
    lt_arena_free(&shown->arena);
}

struct lt_str lt_shown_path(struct lt_shown *shown, const struct lt_dir *dir, struct lt_str name)
{
    shown->path.len = 0;
    lt_arena_reset(&shown->arena);
    lt_dir_path(&shown->path, dir);
    if (name.len)
        lt_buf_char(&shown->path, '/');
    lt_buf_add(&shown->path, name);
    return lt_buf_view(&shown->path);
}

/* The path at which all containers that see it do; if there is none, its path in the evidence. */
static struct lt_str place_of(struct lt_shown *shown, const struct lt_owner *owner, bool *common)
{
    struct lt_str path = lt_buf_view(&shown->path);
    struct lt_str place = lt_mount_view_common(lt_owner_users(owner), path, &shown->arena);
    *common = place.len;
    return place.len ? place : path.len ? path : LT_STR("/");
}

void lt_shown_tell(struct lt_shown *shown, struct lt_event *event, bool names_only)
{
    bool common;
    struct lt_str place = place_of(shown, event->owner, &common);
    shown->inside.len = 0;
    lt_event_inside(&shown->inside, event);
    if (!lt_str_eq(lt_buf_view(&shown->inside), place))
        event->inside = place;
    shown->facts = (struct lt_attr){.key = LT_ATTR_FACTS};
    if (!names_only)
        lt_mount_views_add(lt_owner_users(event->owner), lt_buf_view(&shown->path), &shown->arena, &shown->facts.items);
    event->attrs = &shown->facts;
    event->attr_count = shown->facts.items.count ? 1 : 0;
}

void lt_shown_enter(struct lt_shown *shown, const struct lt_dir *parent, struct lt_dir *child, struct lt_arena *run)
{
    bool common;
    struct lt_str place = place_of(shown, child->owner, &common);
    shown->inside.len = 0;
    if (parent->has_inside) {
        lt_dir_inside(&shown->inside, parent);
        lt_buf_char(&shown->inside, '/');
        lt_buf_add(&shown->inside, child->name);
    }
    child->has_inside = common;
    if (!common || lt_str_eq(lt_buf_view(&shown->inside), place))
        return;
    child->placed = true;
    child->place = lt_str_dup(run, place);
}

enum lt_status lt_emit_unallocated(struct lt_ctx *ctx, struct lt_event *event, struct lt_err *err)
{
    const struct lt_node *node = event->node;
    struct lt_time bound = event->dir->changed;
    enum lt_status status = LT_OK;
    bool times = node->mode || node->time[LT_C].set, ended = node->deleted.set || bound.set;
    event->tags |= LT_TAG_BIT(unallocated);
    if (node->inferred && event->owner->role != LT_ROLE_HOST)
        event->tags |= LT_TAG_BIT(owner_inferred);
    if (times || !ended)
        status = lt_emit(ctx, event, err);
    if (status != LT_OK || !ended)
        return status;
    event->kind = LT_KIND_DELETED;
    event->change = event->owner->layer ? LT_CHANGE_DELETED : LT_CHANGE_NONE;
    memset(event->time, 0, sizeof event->time);
    event->time[0] = node->deleted.set ? node->deleted : bound;
    if (!node->deleted.set)
        event->last = bound;
    return times ? lt_emit_one(ctx, event, err) : lt_emit(ctx, event, err);
}

enum lt_status lt_emit_copy_up(struct lt_ctx *ctx, const struct lt_event *event, struct lt_err *err)
{
    struct lt_event copy = *event;
    const struct lt_time *time = event->node->time;
    copy.kind = LT_KIND_COPIED_UP;
    memset(copy.time, 0, sizeof copy.time);
    copy.time[0] = time[LT_B].set ? time[LT_B] : time[LT_C];
    if (!time[LT_B].set)
        copy.last = time[LT_C];
    return lt_emit_one(ctx, &copy, err);
}
