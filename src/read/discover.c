// SPDX-License-Identifier: Apache-2.0
#include "read/discover.h"

#include "base/escape.h"
#include "evidence/mounted.h"
#include "read/collected.h"
#include "read/hosts.h"
#include "read/links.h"
#include "read/search.h"
#include "read/systems.h"
#include "read/unread.h"

enum { MAX_LINE = 4096 };

bool lt_is_dir_or_skip(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_node node;
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(ctx->fs, path, ctx->scratch, &node, &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    return status == LT_OK && S_ISDIR(node.mode);
}

/* The first line of a small file of the host, "" if there is none. */
static struct lt_str first_line(const struct lt_ctx *ctx, const char *file)
{
    struct lt_ctx there = lt_ctx_on(ctx, ctx->host->etc ? ctx->host->etc : ctx->fs);
    struct lt_str text = LT_STR(""), path;
    if (lt_follow_or_skip(&there, lt_str_c(file), MAX_LINE, &path, &text) != LT_OK)
        return LT_STR("");
    return lt_str_dup(ctx->run, lt_str_trim(lt_str_cut(&text, '\n')));
}

static void read_names(const struct lt_ctx *ctx)
{
    ctx->host->hostname = first_line(ctx, "/etc/hostname");
    ctx->host->machine_id = first_line(ctx, "/etc/machine-id");
}

/* The runtime that is most certain of a directory. */
struct bid {
    const struct lt_runtime *runtime; /* NULL: none takes it for a store */
    int value;
};

static struct bid best_bid(const struct lt_discovery *discovery, struct lt_str path)
{
    struct bid best = {0};
    for (size_t i = 0; discovery->runtimes[i]; i++) {
        int value = discovery->runtimes[i]->bid(discovery->ctx, path);
        if (value > best.value)
            best = (struct bid){discovery->runtimes[i], value};
    }
    return best;
}

/* The store that lies in the same directory, which may have several paths; NULL: none. */
static struct lt_root *known_at(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_str here, there;
    const struct lt_fs *part = lt_mounted_part(ctx->fs, path, ctx->scratch, &here);
    lt_each (struct lt_root, root, &ctx->inventory->roots)
        if (lt_mounted_part(root->fs, root->path, ctx->scratch, &there) == part && lt_str_eq(here, there))
            return root;
    return NULL;
}

static void note_almost(const struct lt_discovery *discovery, const struct lt_runtime *runtime, struct lt_str path)
{
    enum { MOST = 8 };
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_buf place = {0};
    if (!discovery->almost || discovery->almost->count >= MOST)
        return;
    lt_escape_name(&place, path.len ? path : LT_STR("/"), true);
    struct lt_str text = lt_str_format(ctx->run, "%.*s holds something of a %s %s, but not %s",
                                       LT_ARG(lt_buf_view(&place)), runtime->title, runtime->store, runtime->shape);
    lt_buf_free(&place);
    if (!lt_list_has_str(discovery->almost, text))
        lt_list_add_str(discovery->almost, ctx->run, text);
}

static void add_root(const struct lt_discovery *discovery, struct lt_str path, const struct lt_runtime *runtime,
                     struct lt_str why)
{
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_root *root = lt_inventory_root(ctx->inventory, ctx->host, ctx->fs, path);
    struct lt_str inner;
    root->runtime = runtime;
    root->own = lt_arena_alloc(ctx->run, runtime->root_size);
    root->why = lt_str_dup(ctx->run, why);
    root->rootless = discovery->rootless;
    root->part = lt_mounted_part(ctx->fs, path, ctx->scratch, &inner);
    lt_links_follow(ctx, root);
    if (!ctx->host->collected && lt_is_collected(ctx, root)) {
        ctx->host->collected = true;
        lt_mounted_copied(ctx->fs);
    }
    if (ctx->host->roots.count == 1)
        read_names(ctx);
}

/* Add the directory if the bid is at least so high. What is nearly enough there is noted. */
static bool add(const struct lt_discovery *discovery, struct lt_str path, struct bid bid, int least, struct lt_str why)
{
    int nearly = least == LT_BID_CERTAIN ? LT_BID_LIKELY : LT_BID_ALMOST;
    if (bid.value < least) {
        if (bid.value >= nearly)
            note_almost(discovery, bid.runtime, path);
        return false;
    }
    if (!known_at(discovery->ctx, path))
        add_root(discovery, path, bid.runtime, why);
    return true;
}

bool lt_discover_add(const struct lt_discovery *discovery, struct lt_str path, struct lt_str why)
{
    return add(discovery, path, best_bid(discovery, path), LT_BID_LIKELY, why);
}

static void note_looked(struct lt_buf *looked, struct lt_str path, struct lt_str why)
{
    struct lt_buf place = {0};
    lt_escape_name(&place, path.len ? path : LT_STR("/"), true);
    lt_buf_printf(&place, " (%.*s)", LT_ARG(why));
    if (!looked->len || !memmem(looked->ptr, looked->len, place.ptr, place.len)) { /* several runtimes may look there */
        if (looked->len)
            lt_buf_lit(looked, ", ");
        lt_buf_add(looked, lt_buf_view(&place));
    }
    lt_buf_free(&place);
}

static bool try_place(struct lt_discovery *discovery, struct lt_str path, int least, struct lt_str why)
{
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_str real;
    bool found = false;
    if (lt_resolve_or_skip(ctx, path, &real) == LT_OK) {
        found = add(discovery, real, best_bid(discovery, real), least, why);
        for (size_t i = 0; discovery->runtimes[i]; i++)
            found |= discovery->runtimes[i]->within && discovery->runtimes[i]->within(discovery, real);
    }
    struct lt_placed *missing = found ? NULL : lt_host_missing(ctx->host, path);
    if (missing)
        lt_host_report_missing(ctx, missing);
    if (!found && discovery->looked)
        note_looked(discovery->looked, path, why);
    return found;
}

bool lt_discover_try(struct lt_discovery *discovery, struct lt_str path, struct lt_str why)
{
    return try_place(discovery, path, LT_BID_LIKELY, why);
}

/* A host of containers may be a container itself. It then keeps /var, or parts of it, in volumes of the engine that it
 * runs in. */
static void look_in_volume(const struct lt_discovery *discovery, struct lt_str volume)
{
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_str data = lt_path_join(ctx->scratch, volume, LT_STR("_data"));
    struct lt_str why = lt_str_format(ctx->scratch, "in the volume %.*s", LT_ARG(lt_str_basename(volume)));
    for (size_t i = 0; discovery->runtimes[i]; i++)
        for (const char *const *place = discovery->runtimes[i]->in_volumes; place && *place; place++) {
            struct lt_str path = **place ? lt_path_join(ctx->scratch, data, lt_str_c(*place)) : data;
            struct lt_node node; /* the walk of the volume reports what cannot be read */
            if (lt_fs_stat(ctx->fs, path, ctx->scratch, &node, NULL) == LT_OK && S_ISDIR(node.mode) &&
                discovery->runtimes[i]->bid(ctx, path))
                lt_discover_add(discovery, path, why);
        }
}

static void look_in_volumes(const struct lt_discovery *discovery, const struct lt_root *root)
{
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_str volumes = lt_path_join(ctx->scratch, root->path, LT_STR("volumes"));
    struct lt_listing listing;
    if (lt_fs_list(ctx->fs, volumes, ctx->scratch, &listing, NULL) == LT_END)
        return; /* the runtime reports what cannot be read */
    for (size_t i = 0; i < listing.count; i++)
        if (S_ISDIR(listing.nodes[i].mode))
            look_in_volume(discovery, lt_path_join(ctx->scratch, volumes, listing.nodes[i].name));
}

/* A store in a volume or layer of another one, wherever in it. */
static bool take_inner(struct lt_discovery *discovery, struct lt_str path, struct lt_str *done)
{
    (void)done;
    lt_unread_at(discovery->ctx, path);
    return add(discovery, path, best_bid(discovery, path), LT_BID_CERTAIN, LT_STR("by its shape, in another store"));
}

/* Containers may keep stores of their own. */
static void look_inside(struct lt_discovery *discovery, const struct lt_root *root)
{
    struct lt_list inside = {0};
    look_in_volumes(discovery, root);
    if (root->runtime->inside)
        root->runtime->inside(discovery->ctx, root->path, &inside);
    lt_each (const struct lt_str, path, &inside)
        lt_search(discovery, *path, LT_MOST_NAMES, take_inner, false); /* the walk of it reports what cannot be read */
}

/* Search a directory that is the root of a host of its own. */
static void discover_nested(const struct lt_discovery *discovery, struct lt_str path)
{
    struct lt_ctx there = *discovery->ctx;
    struct lt_discovery nested = *discovery;
    there.host = lt_hosts_nested(discovery->ctx, path);
    there.fs = there.host->etc;
    nested.ctx = &there;
    nested.depth++;
    lt_discover(&nested);
}

/* Where a store lies that no place and no setting names. It may be part of a collection, or of a backup: then the
 * nearest directory above it that is the root of a system is a host of its own. */
static bool take_store(struct lt_discovery *discovery, struct lt_str path, struct lt_str *done)
{
    enum { MOST_NESTED = 8 };
    lt_unread_at(discovery->ctx, path);
    struct bid bid = best_bid(discovery, path);
    struct lt_str above = lt_str_dirname(path);
    bool nests = bid.value >= LT_BID_CERTAIN && discovery->depth < MOST_NESTED && !known_at(discovery->ctx, path);
    while (nests && above.len && !lt_is_system(discovery->ctx->fs, above, discovery->ctx->scratch))
        above = lt_str_dirname(above);
    if (!nests || !above.len)
        return add(discovery, path, bid, LT_BID_CERTAIN, LT_STR("by its shape"));
    discover_nested(discovery, above);
    *done = above;
    return true;
}

/* The user knows better, so what may be a store is one. */
static void try_data_root(struct lt_discovery *discovery)
{
    discovery->data_root_found |=
        try_place(discovery, lt_str_c(discovery->data_root), LT_BID_ALMOST, LT_STR("--data-root"));
}

/* A build for a test leaves these out. */
static void try_places(struct lt_discovery *discovery)
{
#ifndef LT_NO_PLACES
    for (size_t i = 0; discovery->runtimes[i]; i++)
        for (const struct lt_place *place = discovery->runtimes[i]->places; place->path; place++)
            lt_discover_try(discovery, lt_str_c(place->path), lt_str_c(place->why));
#else
    (void)discovery;
#endif
}

void lt_discover(struct lt_discovery *discovery)
{
    struct lt_ctx *ctx = discovery->ctx;
    if (!lt_is_dir_or_skip(ctx, LT_STR("")))
        return; /* reported once, not for every place */
    try_places(discovery);
    for (size_t i = 0; discovery->runtimes[i]; i++)
        if (discovery->runtimes[i]->settings)
            discovery->runtimes[i]->settings(discovery);
    if (discovery->data_root)
        try_data_root(discovery);
    lt_unread_find(ctx);
    lt_search(discovery, LT_STR(""), LT_MOST_NAMES, take_store, true);
    for (size_t i = 0; i < ctx->host->roots.count; i++) {
        const struct lt_root *root = ctx->host->roots.items[i];
        if (root->fs != ctx->fs)
            continue;
        look_inside(discovery, root);
        lt_host_report_missing_in(ctx, root->path);
    }
}
