// SPDX-License-Identifier: Apache-2.0
#include "files/binds.h"

#include "clock/filetimes.h"
#include "evidence/walk.h"
#include "inside/inner_logs.h"
#include "model/runtime.h"
#include "model/spans.h"

enum { TIMES = 3, MOST_FACTS = 8 };

/* What becomes of an entry. */
enum verdict {
    LEAVE, /* no container that exists or is known can have written it */
    LEFT,  /* it changed since such a container was created, but its source shows only what changed while one ran */
    LATER, /* that depends on how many entries the source has */
    SHOW,
};

/* An entry that changed while no container ran that binds it for writing. */
struct later {
    struct lt_bind_place *place;
    const struct lt_dir *dir;
    struct lt_node node;
};

struct binds {
    struct lt_ctx *ctx; /* first: see lt_walk_ctx(). Sources are looked up in ctx->fs */
    const struct lt_walking *walking;
    struct lt_bind_places places;
    struct lt_shown shown;
    const struct lt_dir *dir; /* the directory at hand, and the innermost source that it lies in */
    struct lt_bind_place *place;
    struct lt_arena kept;
    struct lt_list later; /* of struct later *, in `kept` */
};

/* Is the whole of each source asked for? */
static bool is_all(const struct binds *self)
{
    return self->ctx->reading->binds == LT_BINDS_ALL && !self->places.only;
}

/* --- which entries --- */

/* The times that only the kernel sets. A deleted name of which nothing else is left went before its directory's last
 * change. */
static size_t times_of(const struct lt_dir *dir, const struct lt_node *node, struct lt_time times[TIMES])
{
    times[0] = node->time[LT_C];
    times[1] = node->time[LT_B];
    times[2] = node->unallocated && !node->deleted.set && !node->mode ? dir->changed : node->deleted;
    return TIMES;
}

static bool is_within(const struct lt_list *spans, const struct lt_time *times)
{
    lt_each (const struct lt_span, span, spans)
        for (size_t i = 0; i < TIMES; i++)
            if (lt_span_has(span, times[i]))
                return true;
    return false;
}

/* Judge an entry of `place`. For LEFT, the source that leaves it out is written to `*by`. */
static enum verdict judge(const struct binds *self, struct lt_bind_place *place, const struct lt_time *times,
                          struct lt_bind_place **by)
{
    enum verdict verdict = LEAVE;
    for (; place; place = place->within) {
        struct lt_span since = {.first = place->since};
        const struct lt_list whole = {.items = (void *[]){&since}, .count = place->written};
        if ((place->bound && is_all(self)) || is_within(&place->spans, times))
            return SHOW;
        if (!is_within(&whole, times))
            continue;
        if (!place->narrow)
            verdict = LATER;
        else if (verdict == LEAVE)
            verdict = LEFT, *by = place;
    }
    return verdict;
}

/* --- an entry that is shown --- */

/* The store that the path lies in, NULL: none. */
static const struct lt_root *store_with(const struct binds *self, struct lt_str path)
{
    struct lt_str rest;
    lt_each (const struct lt_root, root, &self->ctx->host->roots)
        if (root->fs == self->ctx->fs && lt_path_behind(path, root->path, &rest))
            return root;
    return NULL;
}

static void add_store(struct binds *self, struct lt_event *event, struct lt_str path)
{
    const struct lt_root *store = store_with(self, path);
    if (store)
        lt_event_add_fact(event, &self->shown.arena,
                          lt_str_format(&self->shown.arena, "in a %s %s, whose files are told once, as its own",
                                        store->runtime->title, store->runtime->store));
}

static void put_time(struct lt_buf *out, struct lt_time time)
{
    if (time.set)
        lt_time_iso(out, time, 9);
    lt_buf_add(out, time.set ? LT_STR("Z") : LT_STR("an unknown time"));
}

/* Say when a removed container ran that may have written the entry, or that another one did not run then. */
static void add_run(struct binds *self, struct lt_event *event, const struct lt_mount_user *user,
                    const struct lt_time *times)
{
    const struct lt_container *container = user->container;
    struct lt_span span = lt_container_span(container);
    const struct lt_list one = {.items = (void *[]){&span}, .count = 1};
    struct lt_buf text = {0};
    bool within = is_within(&one, times);
    if (within && !container->removed)
        return;
    bool after = span.last.set && times[0].set && lt_time_cmp(times[0], span.last) > 0;
    lt_buf_add(&text, within  ? LT_STR("changed while ")
                      : after ? LT_STR("changed after the end of ")
                              : LT_STR("changed before the creation of "));
    lt_owner_label(&text, &container->owner);
    if (within) {
        lt_buf_lit(&text, " ran, which was removed since: from ");
        put_time(&text, span.first);
        lt_buf_lit(&text, " to ");
        put_time(&text, span.last);
        lt_buf_printf(&text, "; that it bound this says %.*s", LT_ARG(container->traces.mounts_by));
        if (!user->mount->destination.len)
            lt_buf_lit(&text, ", but not whether it could write");
    } else {
        lt_buf_lit(&text, ": ");
        put_time(&text, after ? span.last : span.first);
    }
    lt_event_add_fact(event, &self->shown.arena, lt_str_dup(&self->shown.arena, lt_buf_view(&text)));
    lt_buf_free(&text);
}

static void add_runs(struct binds *self, struct lt_event *event, const struct lt_time *times)
{
    const struct lt_container *last = NULL;
    size_t count = 0;
    lt_each (const struct lt_mount_user, user, &event->owner->bind->users) {
        bool told = user->container == last || count >= MOST_FACTS;
        if (told || !lt_bind_is_writable(user->container, user->mount))
            continue;
        add_run(self, event, user, times);
        last = user->container;
        count++;
    }
}

static enum lt_status show(struct binds *self, struct lt_bind_place *place, const struct lt_dir *dir,
                           const struct lt_node *node, struct lt_err *err)
{
    struct lt_time times[TIMES];
    bool removed, names_only = self->ctx->reading->names_only;
    struct lt_str path = lt_shown_path(&self->shown, dir, node->name);
    size_t count = times_of(dir, node, times);
    struct lt_event event = lt_file_event(lt_bind_owner_at(&self->places, place, times, count, &removed), dir, node);
    place->told->shown++;
    lt_shown_tell(&self->shown, &event, names_only);
    if (!names_only)
        add_store(self, &event, path);
    if (!names_only && (removed || !is_all(self)))
        add_runs(self, &event, times);
    event.tags |= LT_TAG_BIT(bind) | (removed ? LT_TAG_BIT(owner_inferred) : 0);
    if (node->unallocated)
        return lt_emit_unallocated(self->ctx, &event, err);
    lt_inner_log_note(self->ctx, &event);
    lt_clock_steps_check(self->walking->steps, &event, &self->shown.arena);
    return lt_emit(self->ctx, &event, err);
}

/* --- the walk --- */

/* Keep the entry until the entries of its source are counted. */
static void keep(struct binds *self, struct lt_bind_place *place, const struct lt_dir *dir, const struct lt_node *node)
{
    struct later *later = lt_new(&self->kept, struct later);
    *later = (struct later){place, dir, *node};
    later->node.name = lt_str_dup(&self->kept, node->name);
    later->node.target = lt_str_dup(&self->kept, node->target);
    later->node.error = NULL; /* it has been reported */
    lt_list_add(&self->later, &self->kept, later);
}

static void leave(struct binds *self)
{
    lt_report_counts(self->ctx->report, self->ctx->reader)->filtered++;
}

static void count_entry(const struct binds *self, struct lt_bind_place *place)
{
    uint64_t most = self->ctx->reading->bind_most;
    for (; place; place = place->within) {
        if (++place->told->entries <= most || place->narrow)
            continue;
        place->narrow = true;
        place->told->why = lt_str_format(self->ctx->run, "it has more than %ju entries", (uintmax_t)most).ptr;
    }
}

static enum lt_status take(struct binds *self, struct lt_bind_place *place, const struct lt_dir *dir,
                           const struct lt_node *node, bool counted, struct lt_err *err)
{
    struct lt_time times[TIMES];
    struct lt_bind_place *by = NULL;
    times_of(dir, node, times);
    enum verdict verdict = judge(self, place, times, &by);
    if (verdict == SHOW || (verdict == LATER && counted))
        return show(self, place, dir, node, err);
    if (verdict == LATER) {
        keep(self, place, dir, node);
        return LT_OK;
    }
    if (verdict == LEFT)
        by->told->left_out++;
    leave(self);
    return LT_OK;
}

static enum lt_status entry(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err)
{
    struct binds *self = arg;
    if (self->dir != dir)
        self->place = lt_map_get(&self->places.by_path, dir->owner->bind->source);
    self->dir = dir;
    struct lt_bind_place *place = self->place, *own = NULL;
    if (!node->unallocated && (place->has_inner || !node->name.len))
        own = lt_map_get(&self->places.by_path, lt_shown_path(&self->shown, dir, node->name));
    if (own)
        own->seen = true;
    place = own ? own : place;
    count_entry(self, place);
    return take(self, place, dir, node, false, err);
}

static bool wanted(void *arg, const struct lt_dir *dir, const struct lt_node *node)
{
    struct binds *self = arg;
    struct lt_str path = lt_shown_path(&self->shown, dir, node->name);
    bool in_memory = node->mount_root && lt_bind_is_in_memory(path) && !is_all(self);
    return !in_memory && !store_with(self, path);
}

static void enter(void *arg, const struct lt_dir *parent, struct lt_dir *child)
{
    struct binds *self = arg;
    const struct lt_bind_place *place =
        lt_map_get(&self->places.by_path, lt_shown_path(&self->shown, parent, child->name));
    child->owner = place && !child->unallocated ? &place->bind.owner : parent->owner;
    lt_shown_enter(&self->shown, parent, child, self->ctx->run);
}

static enum lt_status walk_place(struct binds *self, struct lt_bind_place *place, struct lt_err *err)
{
    struct lt_ctx *ctx = self->ctx;
    struct lt_dir *top = lt_new(ctx->run, struct lt_dir);
    struct lt_walk walk = lt_counted_walk(ctx, self->walking->lister);
    walk.any_top = true;
    *top = (struct lt_dir){.name = place->bind.source, .owner = &place->bind.owner};
    top->place = lt_mount_view_common(&place->bind.users, place->bind.source, ctx->run);
    top->placed = top->has_inside = top->place.len;
    walk.arg = self;
    walk.entry = entry;
    walk.enter = enter;
    walk.wanted = wanted;
    lt_clock_steps_enter(self->walking->steps, ctx->fs, place->bind.source);
    enum lt_status status = lt_walk(&walk, top, err);
    return status == LT_END ? LT_OK : status;
}

/* Now the entries are counted. */
static enum lt_status take_later(struct binds *self, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct later, later, &self->later)
        if (status == LT_OK)
            status = take(self, later->place, later->dir, &later->node, true, err);
    lt_arena_free(&self->kept);
    self->later = (struct lt_list){0};
    return status;
}

/* --- what is said --- */

static void say_missing(const struct lt_bind_places *places)
{
    enum { MOST = 8 };
    struct lt_buf text = {0};
    if (places->report || places->only || !places->missing.count || places->ctx->report->quiet)
        return;
    lt_each (const struct lt_str, source, &places->missing)
        if (source_at < MOST)
            lt_buf_printf(&text, "%s%.*s", source_at ? ", " : "", LT_ARG(*source));
    if (places->missing.count > MOST)
        lt_buf_printf(&text, " and %zu more", places->missing.count - MOST);
    lt_say("not there, though containers bind it: %.*s", LT_ARG(lt_buf_view(&text)));
    lt_buf_free(&text);
}

/* Say what was left out, and keep the counts for the manifest. */
static void tell(struct binds *self)
{
    lt_each (struct lt_bind_place, place, &self->places.items) {
        struct lt_bound *told = place->told;
        if (!told->entries || self->places.only)
            continue;
        lt_list_add(&self->ctx->host->bound, self->ctx->run, told);
        told->why = told->left_out ? told->why : NULL;
        if (told->left_out && !self->ctx->report->quiet)
            lt_say("%.*s, which containers bind for writing: %s, so %ju of its entries are left out that changed "
                   "since the first of them was created, but while none of them ran (--binds shows them)",
                   LT_ARG(told->source.len ? told->source : LT_STR("/")), told->why, (uintmax_t)told->left_out);
    }
}

static bool has_binds(struct lt_ctx *ctx, const struct lt_root *root, bool all)
{
    lt_each (const struct lt_container, container, &root->containers)
        lt_each (const struct lt_mount, mount, &container->mounts)
            if (lt_bind_source(container, mount, ctx->scratch).len &&
                (all || (lt_bind_is_writable(container, mount) && !mount->own)))
                return true;
    return false;
}

/* If the evidence is a data root without the rest of its host, binds cannot be looked up. This is no loss. */
static void report_hostless(struct lt_ctx *ctx, const struct lt_root *root)
{
    bool all = ctx->reading->binds == LT_BINDS_ALL, binds = has_binds(ctx, root, all);
    if (root->fs->evidence->fs.count > 1 && binds && all)
        lt_skip(ctx, root->path, LT_CODE_MISSING,
                "what containers bind is not read: no file system of the evidence, or more than one, has an /etc");
    else if (!ctx->report->quiet && (all || binds))
        lt_say(root->fs->evidence->fs.count == 1
                   ? "--binds: the evidence is a data root alone, without the rest of its host"
                   : "what containers bind is not read: no file system of the evidence, or more than one, has an /etc");
}

/* --- file systems --- */

/* Walk what is bound of the file system at hand. */
static enum lt_status walk_fs(struct lt_ctx *ctx, const struct lt_walking *walking, const struct lt_container *only,
                              struct lt_err *err)
{
    bool all = ctx->reading->binds == LT_BINDS_ALL && !only;
    struct binds self = {
        .ctx = ctx, .walking = walking, .places = {.ctx = ctx, .only = only, .all = all, .report = all}};
    enum lt_status status = LT_OK;
    lt_bind_places_find(&self.places);
    lt_each (struct lt_bind_place, place, &self.places.items) {
        place->narrow |= only != NULL;
        bool walked = place->spans.count || (place->bound && all);
        if (status == LT_OK && walked && !place->seen) /* otherwise it lies in one that was walked */
            status = walk_place(&self, place, err);
    }
    if (status == LT_OK)
        status = take_later(&self, err);
    say_missing(&self.places);
    tell(&self);
    lt_shown_end(&self.shown);
    return status;
}

static enum lt_status walk_host(struct lt_ctx *ctx, const struct lt_walking *walking, const struct lt_container *only,
                                struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts) {
        struct lt_ctx there = lt_ctx_on(ctx, mount->fs);
        if (status == LT_OK)
            status = walk_fs(&there, walking, only, err);
    }
    return status;
}

enum lt_status lt_walk_binds(struct lt_ctx *ctx, const struct lt_walking *walking, struct lt_err *err)
{
    lt_each (const struct lt_root, root, &ctx->host->roots)
        if (!root->path.len && !ctx->host->etc)
            report_hostless(ctx, root);
    return walk_host(ctx, walking, NULL, err);
}

enum lt_status lt_walk_binds_of(struct lt_ctx *ctx, const struct lt_walking *walking,
                                const struct lt_container *container, struct lt_err *err)
{
    return walk_host(ctx, walking, container, err);
}
