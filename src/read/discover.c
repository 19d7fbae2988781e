// SPDX-License-Identifier: Apache-2.0
#include "read/discover.h"

#include "base/escape.h"

enum { MAX_HOSTNAME = 4096 };

static bool has_etc(struct lt_fs *fs, struct lt_arena *scratch)
{
    struct lt_str path;
    return lt_fs_resolve(fs, LT_STR("/etc"), scratch, &path, NULL) == LT_OK;
}

void lt_hosts_find(struct lt_inventory *inventory, const struct lt_evidence *evidence)
{
    struct lt_arena scratch = {0};
    size_t with_etc = 0;
    struct lt_host *host = NULL;
    lt_each (struct lt_fs, fs, &evidence->fs)
        with_etc += has_etc(fs, &scratch);
    lt_each (struct lt_fs, fs, &evidence->fs) {
        if (!host || with_etc > 1)
            host = lt_inventory_host(inventory);
        host->evidence = evidence;
        lt_host_add_fs(inventory, host, fs, has_etc(fs, &scratch) ? LT_STR("/") : LT_STR(""));
    }
    lt_arena_free(&scratch);
}

/* Give what `from` has to `to`. */
static void merge_host(struct lt_inventory *inventory, struct lt_host *to, const struct lt_host *from)
{
    lt_each (const struct lt_mount_point, mount, &from->mounts)
        lt_host_add_fs(inventory, to, mount->fs, LT_STR(""));
    if (from->newest.set && (!to->newest.set || lt_time_cmp(from->newest, to->newest) > 0))
        to->newest = from->newest;
}

void lt_hosts_settle(struct lt_inventory *inventory, const struct lt_evidence *evidence)
{
    struct lt_host *best = NULL;
    lt_each (struct lt_host, host, &inventory->hosts)
        if (host->evidence == evidence && host->roots.count && (!best || (best->etc && !host->etc)))
            best = host;
    lt_each (struct lt_host, host, &inventory->hosts)
        if (best && host->evidence == evidence && !host->roots.count)
            merge_host(inventory, best, host);
}

struct lt_host *lt_host_with(const struct lt_inventory *inventory, const struct lt_fs *fs)
{
    lt_each (struct lt_host, host, &inventory->hosts)
        lt_each (const struct lt_mount_point, mount, &host->mounts)
            if (mount->fs == fs)
                return host;
    return NULL;
}

bool lt_is_dir_or_skip(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_node node;
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(ctx->fs, path, ctx->scratch, &node, &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    return status == LT_OK && S_ISDIR(node.mode);
}

static void read_hostname(const struct lt_ctx *ctx)
{
    struct lt_ctx there = lt_ctx_on(ctx, ctx->host->etc ? ctx->host->etc : ctx->fs);
    struct lt_str text, path;
    if (lt_resolve_or_skip(&there, LT_STR("/etc/hostname"), &path) == LT_OK &&
        lt_read_or_skip(&there, path, MAX_HOSTNAME, LT_OPTIONAL, &text) == LT_OK)
        ctx->host->hostname = lt_str_dup(ctx->run, lt_str_trim(lt_str_cut(&text, '\n')));
}

static const struct lt_runtime *best_bid(const struct lt_discovery *discovery, struct lt_str path)
{
    const struct lt_runtime *best = NULL;
    int highest = 0;
    for (size_t i = 0; discovery->runtimes[i]; i++) {
        int bid = discovery->runtimes[i]->bid(discovery->ctx, path);
        if (bid > highest) {
            highest = bid;
            best = discovery->runtimes[i];
        }
    }
    return best;
}

bool lt_discover_add(const struct lt_discovery *discovery, struct lt_str path, struct lt_str why)
{
    struct lt_ctx *ctx = discovery->ctx;
    const struct lt_runtime *runtime = best_bid(discovery, path);
    struct lt_root *root = runtime ? lt_inventory_root(ctx->inventory, ctx->host, ctx->fs, path) : NULL;
    if (!root || root->runtime)
        return root; /* known, perhaps by another path */
    root->runtime = runtime;
    root->own = lt_arena_alloc(ctx->run, runtime->root_size);
    root->why = lt_str_dup(ctx->run, why);
    root->rootless = discovery->rootless;
    if (ctx->host->roots.count == 1)
        read_hostname(ctx);
    return true;
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

bool lt_discover_try(struct lt_discovery *discovery, struct lt_str path, struct lt_str why)
{
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_str real;
    bool found = false;
    if (lt_resolve_or_skip(ctx, path, &real) == LT_OK) {
        found = lt_discover_add(discovery, real, why);
        for (size_t i = 0; discovery->runtimes[i]; i++)
            found |= discovery->runtimes[i]->within && discovery->runtimes[i]->within(discovery, real);
    }
    if (!found && discovery->looked)
        note_looked(discovery->looked, path, why);
    return found;
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

/* Stores that are found are looked into as well. */
static void look_in_volumes(const struct lt_discovery *discovery)
{
    struct lt_ctx *ctx = discovery->ctx;
    for (size_t i = 0; i < ctx->host->roots.count; i++) {
        const struct lt_root *root = ctx->host->roots.items[i];
        struct lt_str volumes = lt_path_join(ctx->run, root->path, LT_STR("volumes"));
        struct lt_listing listing;
        if (root->fs != ctx->fs || lt_fs_list(ctx->fs, volumes, ctx->scratch, &listing, NULL) == LT_END)
            continue; /* the runtime reports what cannot be read */
        for (size_t j = 0; j < listing.count; j++)
            if (S_ISDIR(listing.nodes[j].mode))
                look_in_volume(discovery, lt_path_join(ctx->scratch, volumes, listing.nodes[j].name));
    }
}

void lt_discover(struct lt_discovery *discovery)
{
    struct lt_ctx *ctx = discovery->ctx;
    if (!lt_is_dir_or_skip(ctx, LT_STR("")))
        return; /* reported once, not for every place */
    for (size_t i = 0; discovery->runtimes[i]; i++)
        for (const struct lt_place *place = discovery->runtimes[i]->places; place->path; place++)
            lt_discover_try(discovery, lt_str_c(place->path), lt_str_c(place->why));
    for (size_t i = 0; discovery->runtimes[i]; i++)
        if (discovery->runtimes[i]->settings)
            discovery->runtimes[i]->settings(discovery);
    look_in_volumes(discovery);
}
