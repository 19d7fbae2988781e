// SPDX-License-Identifier: Apache-2.0
/* Where these stores are: containers/storage storage.conf and types/utils.go (graphroot), 1.40 to 1.60; CRI-O uses the
 * same place; OCI image-spec image-layout.md. */
#include "read/unread.h"

#include "read/discover.h"
#include "read/storage_conf.h"

static const char *const in_storage[] = {"overlay-containers", "overlay-images", "overlay-layers", "vfs-images",
                                         "btrfs-images",       "libpod",         "db.sql",         NULL};
static const char *const in_layout[] = {"oci-layout", NULL};

struct unread {
    const char *path;
    const char *const *holds; /* ends with NULL */
    const char *title;
};

static const struct unread stores[] = {
#define UNREAD(path, holds, title) {path, holds, title},
#define UNREAD_HOME(path, holds, title)
#include "read/unread.def"
#undef UNREAD
#undef UNREAD_HOME
};

static const struct unread in_homes[] = {
#define UNREAD(path, holds, title)
#define UNREAD_HOME(path, holds, title) {path, holds, title},
#include "read/unread.def"
#undef UNREAD
#undef UNREAD_HOME
};

static bool holds_any(struct lt_ctx *ctx, struct lt_str path, const char *const *names)
{
    struct lt_node node;
    for (; *names; names++)
        if (lt_stat_or_skip(ctx, lt_path_join(ctx->scratch, path, lt_str_c(*names)), &node) == LT_OK)
            return true;
    return false;
}

/* Is the store at this path named for the first time? */
static bool is_new(struct lt_ctx *ctx, struct lt_str path)
{
    if (lt_map_get(&ctx->host->unread, path))
        return false;
    lt_map_put(&ctx->host->unread, ctx->run, lt_str_dup(ctx->run, path), ctx->host);
    return true;
}

static void look(struct lt_ctx *ctx, struct lt_str path, const struct unread *store)
{
    struct lt_str real;
    if (lt_resolve_or_skip(ctx, path, &real) == LT_OK && holds_any(ctx, real, store->holds) && is_new(ctx, real))
        lt_skip(ctx, real, LT_CODE_UNSUPPORTED, "%s: not read yet", store->title);
}

const char *const lt_unread_marks[] = {"overlay-images", "overlay-layers", "vfs-images", "btrfs-images", NULL};

void lt_unread_at(struct lt_ctx *ctx, struct lt_str path)
{
    if (holds_any(ctx, path, lt_unread_marks) && is_new(ctx, path))
        lt_skip(ctx, path, LT_CODE_UNSUPPORTED, "%s, by its shape: not read yet", stores[0].title);
}

static void look_at_home(struct lt_ctx *ctx, struct lt_str home)
{
    for (size_t i = 0; i < sizeof in_homes / sizeof *in_homes; i++)
        look(ctx, lt_path_join(ctx->scratch, home, lt_str_c(in_homes[i].path)), &in_homes[i]);
}

static bool is_store(const struct lt_ctx *ctx, struct lt_str path)
{
    lt_each (const struct lt_root, root, &ctx->host->roots)
        if (root->fs == ctx->fs && lt_str_eq(root->path, path))
            return true;
    return false;
}

void lt_unread_parts(struct lt_ctx *ctx, bool (*knows)(struct lt_str name))
{
    struct lt_listing listing;
    lt_list_or_skip(ctx, ctx->root->path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name, path = lt_path_join(ctx->scratch, ctx->root->path, name);
        if (S_ISDIR(listing.nodes[i].mode) && !knows(name) && !lt_str_eq(name, LT_STR("lost+found")) &&
            !is_store(ctx, path))
            lt_skip(
                ctx, path, LT_CODE_UNSUPPORTED,
                "no reader knows this directory, be it a storage driver's or not: its files are told as the store's");
    }
}

/* The same of places that settings name. */
static void look_at_settings(struct lt_ctx *ctx)
{
    struct lt_list places = {0};
    struct lt_map known = {0};
    lt_storage_places(ctx, &places);
    lt_each (struct lt_storage_place, place, &places) {
        struct lt_str real;
        if (lt_map_get(&known, place->path))
            continue;
        lt_map_put(&known, ctx->scratch, place->path, place);
        enum lt_status status = lt_resolve_or_skip(ctx, place->path, &real);
        if (status == LT_OK && holds_any(ctx, real, in_storage) && is_new(ctx, real))
            lt_skip(ctx, real, LT_CODE_UNSUPPORTED, "%s (%.*s in %.*s): not read yet", stores[0].title,
                    LT_ARG(place->key), LT_ARG(place->file));
        else if (status == LT_END && place->required && ctx->host->mounts.count == 1)
            lt_skip(ctx, place->file, LT_CODE_MISSING, "%.*s: %s is to be at '%.*s', which is not in this evidence",
                    LT_ARG(place->key), stores[0].title, LT_ARG(place->path));
    }
}

void lt_unread_find(struct lt_ctx *ctx)
{
    struct lt_listing homes;
    look_at_settings(ctx);
    for (size_t i = 0; i < sizeof stores / sizeof *stores; i++)
        look(ctx, lt_str_c(stores[i].path), &stores[i]);
    lt_fs_list(ctx->fs, LT_STR("/home"), ctx->scratch, &homes, NULL); /* the runtimes report a failure */
    for (size_t i = 0; i < homes.count; i++)
        look_at_home(ctx, lt_path_join(ctx->scratch, LT_STR("/home"), homes.nodes[i].name));
    look_at_home(ctx, LT_STR("/root"));
}
