// SPDX-License-Identifier: Apache-2.0
/* Docker's data root (moby daemon/config/config_linux.go, daemon/daemon_unix.go setupDaemonRoot, 28.x):
 * /var/lib/docker, unless daemon.json sets "data-root" ("graph" before 17.05); $XDG_DATA_HOME/docker for a rootless
 * daemon. With userns-remap it is <root>/<uid>.<gid>, beside or instead of the plain one. */
#include "runtime/docker/driver/driver.h"

#include "host/data_roots.h"
#include "parse/ident.h"
#include "parse/idmap.h"
#include "parse/json.h"

#include <string.h>

const struct lt_place lt_docker_places[] = {
    {"/var/lib/docker", "the default"},
    {"/lib/docker", "the default, where /var is a file system of its own"},
    {"/docker", "the default, where /var/lib is a file system of its own"},
    {"/var/snap/docker/common/var-lib-docker", "snap"},
    {"", "the evidence itself"},
    {0},
};

const struct lt_mark lt_docker_marks[] = {
    {.name = "containers"}, {.name = "image"},        {.name = "volumes"}, {.name = "overlay2"},
    {.name = "aufs"},       {.name = "devicemapper"}, {.name = "graph"},   {0},
};

/* Docker's own directories, and links of the volumes that were moved to another disk (moby#39446). */
const char *const lt_docker_parts[] = {
    "*",       "containers/*", "containers/*/*",  "volumes/*", "volumes/*/_data",
    "image/*", "overlay2/*",   "overlay2/*/diff", "aufs/*",    "vfs/dir",
    NULL,
};

enum { MOST_TRIED = 64 }; /* entries of a directory that are looked at before it is given up */

static struct lt_str below(struct lt_ctx *ctx, struct lt_str path, const char *name)
{
    return lt_path_join(ctx->scratch, path, lt_str_c(name));
}

static bool is_there(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_node node;
    return lt_fs_stat(ctx->fs, path, ctx->scratch, &node, NULL) == LT_OK;
}

/* Does any entry of the directory at `path` satisfy `test`? What cannot be read is reported by those who read it later.
 */
static bool any_entry(struct lt_ctx *ctx, struct lt_str path, bool (*test)(struct lt_ctx *, struct lt_str entry))
{
    struct lt_listing listing;
    if (lt_fs_list(ctx->fs, path, ctx->scratch, &listing, NULL) == LT_END)
        return false;
    for (size_t i = 0, tried = 0; i < listing.count && tried < MOST_TRIED; i++)
        if (S_ISDIR(listing.nodes[i].mode)) {
            if (test(ctx, lt_path_join(ctx->scratch, path, listing.nodes[i].name)))
                return true;
            tried++;
        }
    return false;
}

/* A file of a container, of which a collection may hold the logs alone. */
static bool is_container_file(struct lt_str name, struct lt_str id)
{
    return lt_str_eq(name, LT_STR("config.v2.json")) || lt_str_eq(name, LT_STR("config.json")) ||
           lt_str_eq(name, LT_STR("hostconfig.json")) || lt_str_eq(name, LT_STR("local-logs")) ||
           (lt_str_starts(name, id) && lt_str_starts(lt_str_skip(name, id.len), LT_STR("-json.log")));
}

static bool is_container(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_listing listing = {0};
    struct lt_str id = lt_str_basename(path);
    if (!lt_is_id(id) || lt_fs_list(ctx->fs, path, ctx->scratch, &listing, NULL) == LT_END)
        return false;
    for (size_t i = 0; i < listing.count; i++)
        if (is_container_file(listing.nodes[i].name, id))
            return true;
    return false;
}

static bool has_any(struct lt_ctx *ctx, struct lt_str path, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_there(ctx, below(ctx, path, names[i])))
            return true;
    return false;
}

static bool has_both(struct lt_ctx *ctx, struct lt_str path, const char *one, const char *other)
{
    return is_there(ctx, below(ctx, path, one)) && is_there(ctx, below(ctx, path, other));
}

static bool is_image_store(struct lt_ctx *ctx, struct lt_str path)
{
    static const char *const made[] = {"layerdb", "imagedb", "repositories.json"};
    return has_any(ctx, path, made, sizeof made / sizeof *made);
}

static bool is_overlay2_layer(struct lt_ctx *ctx, struct lt_str path)
{
    return has_both(ctx, path, "diff", "link");
}

/* An image of Docker before 1.10: see graph.h. */
static bool is_old_image(struct lt_ctx *ctx, struct lt_str path)
{
    return lt_is_id(lt_str_basename(path)) && is_there(ctx, below(ctx, path, "json"));
}

/* Did Docker before 1.10 keep the names of this driver's images here? */
static bool has_names(struct lt_ctx *ctx, struct lt_str path, const struct lt_docker_driver *driver)
{
    return is_there(ctx, lt_str_format(ctx->scratch, "%.*s/repositories-%s", LT_ARG(path), driver->driver.name));
}

static bool has_shape(struct lt_ctx *ctx, struct lt_str path)
{
    return any_entry(ctx, below(ctx, path, "containers"), is_container) ||
           any_entry(ctx, below(ctx, path, "image"), is_image_store) ||
           any_entry(ctx, below(ctx, path, "overlay2"), is_overlay2_layer) ||
           any_entry(ctx, below(ctx, path, "graph"), is_old_image) ||
           is_there(ctx, below(ctx, path, "volumes/metadata.db")) || has_both(ctx, path, "aufs/diff", "aufs/layers") ||
           has_both(ctx, path, "devicemapper/metadata", "devicemapper/mnt");
}

/* Two of the directories that Docker creates at its first start are enough where it keeps its data, as some may be
 * lost. */
int lt_docker_bid(struct lt_ctx *ctx, struct lt_str path)
{
    static const char *const made[] = {"containers", "image", "volumes", "graph"};
    enum { NEEDED = 2, MOST = 15 };
    int found = 0;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        found += lt_is_dir_or_skip(ctx, below(ctx, path, made[i]));
    for (size_t i = 0; lt_docker_drivers[i]; i++)
        found += lt_is_dir_or_skip(ctx, below(ctx, path, lt_docker_drivers[i]->layers)) +
                 has_names(ctx, path, lt_docker_drivers[i]);
    if (found && has_shape(ctx, path))
        return LT_BID_CERTAIN + (found < MOST ? found : MOST);
    return found >= NEEDED ? LT_BID_LIKELY + (found < MOST ? found : MOST) : found ? LT_BID_ALMOST : LT_BID_NONE;
}

/* The rw layers of the driver whose records are at `mounts` (<container>/mount-id, moby
 * daemon/layer/filestore.go, 28.x). */
static void add_rw_layers(struct lt_ctx *ctx, struct lt_str path, const struct lt_docker_driver *driver,
                          struct lt_list *out)
{
    enum { MAX_ID = 256 };
    struct lt_listing listing;
    struct lt_str mounts =
        lt_str_format(ctx->scratch, "%.*s/image/%s/layerdb/mounts", LT_ARG(path), driver->driver.name);
    if (!driver->content || lt_fs_list(ctx->fs, mounts, ctx->scratch, &listing, NULL) == LT_END)
        return;
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str id, file = lt_path_join(ctx->scratch, mounts, listing.nodes[i].name);
        if (lt_slurp(ctx->fs, below(ctx, file, "mount-id"), MAX_ID, ctx->scratch, &id, NULL) != LT_OK ||
            !lt_is_store_id(lt_str_trim(id)))
            continue;
        lt_list_add_str(out, ctx->scratch,
                        lt_str_format(ctx->scratch, "%.*s/%s/%.*s/%s", LT_ARG(path), driver->layers,
                                      LT_ARG(lt_str_trim(id)), driver->content));
    }
}

static void add_volumes(struct lt_ctx *ctx, struct lt_str path, struct lt_list *out)
{
    struct lt_listing listing;
    struct lt_str volumes = below(ctx, path, "volumes");
    if (lt_fs_list(ctx->fs, volumes, ctx->scratch, &listing, NULL) == LT_END)
        return;
    for (size_t i = 0; i < listing.count; i++)
        if (S_ISDIR(listing.nodes[i].mode))
            lt_list_add_str(out, ctx->scratch,
                            below(ctx, lt_path_join(ctx->scratch, volumes, listing.nodes[i].name), "_data"));
}

void lt_docker_inside(struct lt_ctx *ctx, struct lt_str path, struct lt_list *out)
{
    add_volumes(ctx, path, out);
    for (size_t i = 0; lt_docker_drivers[i]; i++)
        add_rw_layers(ctx, path, lt_docker_drivers[i], out);
}

/* The data root that a container's configuration names in the paths of its files (moby daemon/container/container.go,
 * 28.x). */
static struct lt_str home_in(struct lt_ctx *ctx, struct lt_str config)
{
    static const char *const keys[] = {"HostnamePath", "HostsPath", "ResolvConfPath", "LogPath"};
    const struct lt_str mark = LT_STR("/containers/");
    struct lt_str text, home = LT_STR("");
    struct json_t *json = NULL;
    const char *flaw;
    if (lt_slurp(ctx->fs, config, LT_MAX_JSON, ctx->scratch, &text, NULL) != LT_OK ||
        lt_json_parse(text, &json, &flaw, NULL) != LT_OK)
        return home;
    for (size_t i = 0; !home.len && i < sizeof keys / sizeof *keys; i++) {
        struct lt_str path = lt_json_str(json, keys[i]);
        const char *found = path.len ? memmem(path.ptr, path.len, mark.ptr, mark.len) : NULL;
        if (found && path.ptr[0] == '/')
            home = lt_str_dup(ctx->scratch, (struct lt_str){path.ptr, (size_t)(found - path.ptr)});
    }
    lt_json_free(json);
    return home;
}

struct lt_str lt_docker_home(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_listing listing;
    struct lt_str home = LT_STR(""), containers = below(ctx, path, "containers");
    if (lt_fs_list(ctx->fs, containers, ctx->scratch, &listing, NULL) == LT_END)
        return home;
    for (size_t i = 0; i < listing.count && i < MOST_TRIED && !home.len; i++)
        home =
            home_in(ctx, below(ctx, lt_path_join(ctx->scratch, containers, listing.nodes[i].name), "config.v2.json"));
    return home;
}

bool lt_docker_within(const struct lt_discovery *discovery, struct lt_str path)
{
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_listing listing;
    uint32_t uid, gid;
    bool found = false;
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (lt_remap_parse(listing.nodes[i].name, &uid, &gid))
            found |= lt_discover_add(discovery, lt_path_join(ctx->scratch, path, listing.nodes[i].name),
                                     LT_STR("userns-remap sub-root"));
    return found;
}

void lt_docker_settings(struct lt_discovery *discovery)
{
    lt_data_roots_try(discovery, "docker");
}
