// SPDX-License-Identifier: Apache-2.0
/* The answer to a path that nothing has: which paths come near, and what containers bind of the host. */
#include "command/who.h"

#include "files/bind_sources.h"
#include "run/job.h"
#include "run/schedule.h"

#include <stdlib.h>

enum { MOST_NEAR = 5, MOST_BINDS = 8, MOST_NAME = 255 };

/* A path that is there. */
struct near {
    struct lt_str path;
    size_t depth;    /* how many components it shares with the one searched for */
    size_t distance; /* changes of a letter that lead from its name to the one searched for */
};

/* The search for near paths. */
struct nearest {
    struct lt_who *who;
    struct lt_map seen;
    struct lt_list found; /* of struct near * */
};

static size_t least(size_t a, size_t b, size_t c)
{
    size_t first = a < b ? a : b;
    return first < c ? first : c;
}

/* How many letters must be added, removed or replaced to make `b` of `a` (Levenshtein). */
static size_t distance_of(struct lt_str a, struct lt_str b)
{
    size_t row[MOST_NAME + 1];
    if (a.len > MOST_NAME || b.len > MOST_NAME)
        return MOST_NAME;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, corner + (a.ptr[i - 1] != b.ptr[j - 1]));
            corner = above;
        }
    }
    return row[b.len];
}

static void add_near(struct nearest *nearest, struct lt_str path, size_t depth, size_t distance)
{
    struct lt_arena *arena = nearest->who->arena;
    path = path.len ? lt_str_dup(arena, path) : LT_STR("/");
    if (lt_map_get(&nearest->seen, path))
        return;
    struct near *near = lt_new(arena, struct near);
    *near = (struct near){path, depth, distance};
    lt_map_put(&nearest->seen, arena, path, near);
    lt_list_add(&nearest->found, arena, near);
}

static size_t depth_of(struct lt_str path)
{
    size_t depth = 0;
    for (size_t i = 0; i < path.len; i++)
        depth += path.ptr[i] == '/';
    return depth;
}

/* Look below `top` of the evidence, which is seen at `place`, for the directories above `rest`, and for names like the
 * first one that is missing. */
static void look_below(struct nearest *nearest, struct lt_str top, struct lt_str place, struct lt_str rest)
{
    struct lt_who *who = nearest->who;
    struct lt_listing listing;
    struct lt_node node;
    struct lt_str path, above = rest;
    do {
        above = lt_str_dirname(above);
        path = lt_str_format(who->arena, "%.*s%.*s", LT_ARG(top), LT_ARG(above));
    } while (above.len && (lt_fs_stat(who->ctx->fs, path, who->arena, &node, NULL) != LT_OK || !S_ISDIR(node.mode)));
    struct lt_str behind = lt_str_skip(rest, above.len + 1), missing = lt_str_cut(&behind, '/');
    struct lt_str shown = lt_str_format(who->arena, "%.*s%.*s", LT_ARG(place), LT_ARG(above));
    size_t depth = depth_of(shown);
    if (above.len)
        add_near(nearest, shown, depth, missing.len + 1);
    lt_fs_list(who->ctx->fs, path, who->arena, &listing, NULL);
    for (size_t i = 0; i < listing.count; i++) {
        size_t distance = distance_of(listing.nodes[i].name, missing);
        if (!listing.nodes[i].unallocated && distance <= 1 + missing.len / 4)
            add_near(nearest, lt_path_join(who->arena, shown, listing.nodes[i].name), depth, distance);
    }
}

static int by_nearness(const void *a, const void *b)
{
    const struct near *const *left = a, *const *right = b;
    if ((*left)->depth != (*right)->depth)
        return (*left)->depth > (*right)->depth ? -1 : 1;
    if ((*left)->distance != (*right)->distance)
        return (*left)->distance < (*right)->distance ? -1 : 1;
    return lt_str_cmp((*left)->path, (*right)->path);
}

static void add_bind(struct lt_buf *out, const struct lt_mount_user *user)
{
    lt_buf_printf(out, "%.*s at ", LT_ARG(user->source.len ? user->source : LT_STR("/")));
    lt_buf_add(out, user->mount->destination.len ? user->mount->destination : LT_STR("an unknown place"));
    lt_buf_lit(out, " by ");
    lt_owner_label(out, &user->container->owner);
    lt_buf_add(out, user->container->removed                            ? LT_STR(" (removed)")
                    : lt_bind_is_writable(user->container, user->mount) ? LT_STR(" (rw)")
                                                                        : LT_STR(" (ro)"));
}

/* What is bound, and what comes near in it. */
static void look_in_binds(struct nearest *nearest, const struct lt_bind_places *places, struct lt_buf *binds,
                          size_t *count)
{
    struct lt_who *who = nearest->who;
    const struct lt_list *lists[] = {&places->users, &places->removed};
    for (size_t i = 0; i < 2; i++)
        lt_each (const struct lt_mount_user, user, lists[i]) {
            struct lt_str rest;
            if ((*count)++ < MOST_BINDS) {
                lt_buf_add(binds, *count > 1 ? LT_STR("; ") : LT_STR(""));
                add_bind(binds, user);
            }
            if (who->path.len && lt_path_behind(who->path, user->source, &rest) && rest.len)
                look_below(nearest, user->source, user->source, rest);
            struct lt_str at = user->mount->destination;
            if (at.len && lt_path_behind(who->path, at, &rest) && rest.len)
                look_below(nearest, user->source, at, rest);
        }
}

static void look_on_host(struct nearest *nearest, struct lt_host *host, struct lt_buf *binds, size_t *count)
{
    struct lt_who *who = nearest->who;
    struct lt_ctx *ctx = who->ctx;
    lt_each (const struct lt_mount_point, mount, &host->mounts) {
        struct lt_ctx there = lt_ctx_on(ctx, mount->fs);
        struct lt_bind_places places = {.ctx = &there, .all = true, .silent = true};
        who->ctx = &there;
        lt_bind_places_find(&places);
        look_in_binds(nearest, &places, binds, count);
        lt_each (const struct lt_root, root, &host->roots)
            lt_each (const struct lt_layer, layer, &root->layers)
                if (root->fs == mount->fs && layer->content.len && who->path.len)
                    look_below(nearest, layer->content, LT_STR(""), who->path);
        who->ctx = ctx;
    }
}

static void say_near(const struct nearest *nearest)
{
    struct lt_buf text = {0};
    if (nearest->found.count)
        qsort(nearest->found.items, nearest->found.count, sizeof *nearest->found.items, by_nearness);
    lt_each (const struct near, near, &nearest->found)
        if (near_at < MOST_NEAR)
            lt_buf_printf(&text, "%s%.*s", near_at ? ", " : "", LT_ARG(near->path));
    if (text.len)
        lt_say("the nearest paths: %.*s", LT_ARG(lt_buf_view(&text)));
    lt_buf_free(&text);
}

void lt_who_nothing(struct lt_who *who, const char *given)
{
    struct nearest nearest = {.who = who};
    struct lt_buf binds = {0};
    size_t count = 0;
    lt_say("no layer, volume or bind holds '%s'", given);
    lt_each (struct lt_host, host, &who->job->inventory.hosts)
        if (host->roots.count) {
            lt_schedule_host(who->ctx, host, "who");
            look_on_host(&nearest, host, &binds, &count);
        }
    say_near(&nearest);
    if (count > MOST_BINDS)
        lt_buf_printf(&binds, "; and %zu more", count - MOST_BINDS);
    if (count)
        lt_say("containers bind of the host: %.*s", LT_ARG(lt_buf_view(&binds)));
    lt_buf_free(&binds);
}
