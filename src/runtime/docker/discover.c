// SPDX-License-Identifier: Apache-2.0
/* Docker's data root (moby daemon/config/config_linux.go, daemon/daemon_unix.go setupDaemonRoot, 28.x): /var/lib/docker
 * unless daemon.json says otherwise in "data-root" ("graph" before 17.05); $XDG_DATA_HOME/docker for a rootless daemon;
 * with userns-remap <root>/<uid>.<gid> beside or instead of the plain one. */
#include "runtime/docker/discover.h"

#include "base/escape.h"
#include "parse/idmap.h"
#include "parse/json.h"
#include "store/store.h"

/* Is there such a directory? What cannot be looked at may be one, which is reported. */
static bool is_dir(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path)
{
    struct lt_node node;
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(fs, path, ctx->scratch, &node, &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    return status == LT_OK && S_ISDIR(node.mode);
}

/* The path without links; LT_END when there is nothing. */
static enum lt_status resolve(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path, struct lt_str *out)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_resolve(fs, path, ctx->scratch, out, &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    return status;
}

/* Does it look like a data root? Two of what Docker makes at its first start are enough, one may be lost. */
static bool is_docker_root(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path)
{
    static const char *const made[] = {"containers", "image", "volumes"};
    unsigned found = 0;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        found += is_dir(ctx, fs, lt_path_join(ctx->scratch, path, lt_str_c(made[i])));
    for (size_t i = 0; lt_stores[i]; i++)
        found += is_dir(ctx, fs, lt_path_join(ctx->scratch, path, lt_str_c(lt_stores[i]->layers)));
    return found >= 2;
}

static struct lt_str hostname(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str data_root)
{
    struct lt_fs *host = lt_host_fs(fs, data_root, ctx->scratch);
    struct lt_root *before = ctx->root, there = {.fs = host ? host : fs};
    struct lt_str text, path, name = LT_STR("");
    ctx->root = &there;
    if (resolve(ctx, there.fs, LT_STR("/etc/hostname"), &path) == LT_OK &&
        lt_read_or_skip(ctx, path, 4096, LT_OPTIONAL, &text) == LT_OK)
        name = lt_str_dup(ctx->run, lt_str_trim(lt_str_cut(&text, '\n')));
    ctx->root = before;
    return name;
}

static void add_root(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path, struct lt_str why)
{
    struct lt_root *root = lt_inventory_root(ctx->inventory, fs, path);
    if (root->why.len)
        return;
    root->why = lt_str_dup(ctx->run, why);
    root->hostname = hostname(ctx, fs, path);
}

static bool try_remapped(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path)
{
    struct lt_listing listing;
    uint32_t uid, gid;
    bool found = false;
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str below = lt_path_join(ctx->scratch, path, listing.nodes[i].name);
        if (!lt_remap_parse(listing.nodes[i].name, &uid, &gid) || !is_docker_root(ctx, fs, below))
            continue;
        add_root(ctx, fs, below, LT_STR("userns-remap sub-root"));
        found = true;
    }
    return found;
}

static bool try_root(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path, struct lt_str why, struct lt_buf *looked)
{
    struct lt_str real;
    bool found = false;
    if (resolve(ctx, fs, path, &real) == LT_OK) {
        if (is_docker_root(ctx, fs, real)) {
            add_root(ctx, fs, real, why);
            found = true;
        }
        found |= try_remapped(ctx, fs, real);
    }
    if (found)
        return true;
    if (looked->len)
        lt_buf_lit(looked, ", ");
    lt_escape_name(looked, path.len ? path : LT_STR("/"), true);
    lt_buf_printf(looked, " (%.*s)", LT_ARG(why));
    return false;
}

static void try_configured(struct lt_ctx *ctx, struct lt_fs *fs, const char *file, struct lt_buf *looked)
{
    struct lt_str path;
    struct json_t *json;
    if (resolve(ctx, fs, lt_str_c(file), &path) != LT_OK ||
        lt_read_json_or_skip(ctx, path, LT_OPTIONAL, &json) != LT_OK)
        return;
    static const char *const keys[] = {"data-root", "graph"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct lt_str value = lt_json_str(json, keys[i]);
        if (!value.len)
            continue;
        struct lt_str why = lt_str_format(ctx->scratch, "%s in %s", keys[i], file);
        /* Of several file systems another one may be mounted there. */
        if (!try_root(ctx, fs, lt_str_dup(ctx->scratch, value), why, looked) && fs->evidence->fs.count == 1)
            lt_skip(ctx, path, LT_CODE_MISSING, "%s: no Docker data root at '%.*s' in this evidence", keys[i],
                    LT_ARG(value));
    }
    lt_json_free(json);
}

/* The data root of a rootless daemon (docs.docker.com/engine/security/rootless). */
static void try_home(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str home)
{
    struct lt_buf ignored = {0};
    const struct lt_list *roots = &ctx->inventory->roots;
    size_t known = roots->count;
    try_root(ctx, fs, lt_path_join(ctx->scratch, home, LT_STR(".local/share/docker")), LT_STR("rootless"), &ignored);
    try_configured(ctx, fs, lt_path_join(ctx->scratch, home, LT_STR(".config/docker/daemon.json")).ptr, &ignored);
    for (size_t i = known; i < roots->count; i++)
        ((struct lt_root *)roots->items[i])->rootless = true;
    lt_buf_free(&ignored);
}

static void try_homes(struct lt_ctx *ctx, struct lt_fs *fs)
{
    struct lt_listing homes;
    lt_list_or_skip(ctx, LT_STR("/home"), &homes);
    for (size_t i = 0; i < homes.count; i++)
        try_home(ctx, fs, lt_path_join(ctx->scratch, LT_STR("/home"), homes.nodes[i].name));
    try_home(ctx, fs, LT_STR("/root"));
}

static void look_everywhere(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_buf *looked)
{
    static const struct {
        const char *path, *why;
    } places[] = {
        {"/var/lib/docker", "the default"},
        {"/lib/docker", "the default, where /var is a file system of its own"},
        {"/docker", "the default, where /var/lib is a file system of its own"},
        {"/var/snap/docker/common/var-lib-docker", "snap"},
        {"", "the evidence itself"},
    };
    if (!is_dir(ctx, fs, LT_STR("")))
        return; /* said once, not for every place */
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        try_root(ctx, fs, lt_str_c(places[i].path), lt_str_c(places[i].why), looked);
    try_configured(ctx, fs, "/etc/docker/daemon.json", looked);
    try_configured(ctx, fs, "/var/snap/docker/current/config/daemon.json", looked);
    try_homes(ctx, fs);
}

void lt_discover(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_buf *looked)
{
    struct lt_root none = {.fs = fs}; /* what the readers' functions work on until there is a real one */
    ctx->reader = "discover";
    ctx->root = &none;
    look_everywhere(ctx, fs, looked);
    ctx->root = NULL;
}
