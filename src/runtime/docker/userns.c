// SPDX-License-Identifier: Apache-2.0
/* User namespaces: owners of files as seen inside the containers.
 *
 * userns-remap (moby v28 daemon/daemon_unix.go setupRemappedRoot, v24 pkg/idtools): the data root is
 * <root>/<uid>.<gid>, with the IDs of the containers' root. /etc/subuid and /etc/subgid say how many IDs follow, and
 * which ranges come after these. The numbers in the name are used rather than `userns-remap` in daemon.json, as the
 * files were created with them.
 *
 * Rootless (rootlesskit pkg/parent/parent.go newugidmapArgs): ID 0 is the user who owns the data root. All ranges of
 * that user follow, from 1 on. */
#include "read/source.h"

#include "parse/idmap.h"

enum { MAX_ETC_FILE = 1024 * 1024, USUAL_COUNT = 65536 };

/* Read a file of the host from the first of its file systems that has it; "" if there is none. */
static struct lt_str read_host_file(struct lt_ctx *ctx, const char *path)
{
    struct lt_str text = LT_STR("");
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts) {
        struct lt_ctx there = lt_ctx_on(ctx, mount->fs);
        struct lt_str real;
        if (!text.len && lt_resolve_or_skip(&there, lt_str_c(path), &real) == LT_OK &&
            lt_read_or_skip(&there, real, MAX_ETC_FILE, LT_OPTIONAL, &text) != LT_OK)
            text = LT_STR("");
    }
    return text;
}

static struct lt_str read_subids(struct lt_ctx *ctx, const char *path)
{
    struct lt_str text = read_host_file(ctx, path), rest = text;
    struct lt_subid range;
    size_t bad = 0;
    for (enum lt_status status; (status = lt_subid_next(&rest, &range)) != LT_END;)
        bad += status != LT_OK;
    if (bad)
        lt_skip(ctx, lt_str_c(path), LT_CODE_DAMAGED, "%zu lines that are no owner:first:count", bad);
    return text;
}

static void add_note(struct lt_ctx *ctx, const char *note)
{
    ctx->root->why = lt_str_format(ctx->run, "%.*s, %s", LT_ARG(ctx->root->why), note);
}

/* False: the number of IDs is assumed. */
static bool map_remapped(struct lt_ctx *ctx, const char *path, uint32_t first, struct lt_idmap *map)
{
    if (lt_idmap_add_beginning(map, read_subids(ctx, path), first))
        return true;
    lt_idmap_add(map, first, USUAL_COUNT);
    return false;
}

/* Ranges by number take precedence over those by name. False: there are no ranges. */
static bool map_rootless(struct lt_ctx *ctx, const char *path, uint32_t id, uint32_t uid, struct lt_idmap *map)
{
    struct lt_str subids = read_subids(ctx, path), number = lt_str_format(ctx->scratch, "%u", uid);
    struct lt_str name = lt_passwd_name(read_host_file(ctx, "/etc/passwd"), uid);
    lt_idmap_add(map, id, 1);
    lt_idmap_add_owner(map, subids, number);
    if (name.len && map->count == 1)
        lt_idmap_add_owner(map, subids, name);
    return map->count > 1;
}

static void docker_userns_inventory(struct lt_ctx *ctx)
{
    struct lt_root *root = ctx->root;
    struct lt_node node;
    uint32_t uid, gid;
    bool remapped = lt_remap_parse(lt_str_basename(root->path), &uid, &gid);
    if (!remapped && (!root->rootless || lt_fs_stat(root->fs, root->path, ctx->scratch, &node, NULL) != LT_OK ||
                      !node.mode || !node.uid))
        return;
    root->uids = lt_new(ctx->run, struct lt_idmap);
    root->gids = lt_new(ctx->run, struct lt_idmap);
    bool known = remapped ? map_remapped(ctx, "/etc/subuid", uid, root->uids)
                          : map_rootless(ctx, "/etc/subuid", node.uid, node.uid, root->uids);
    known &= remapped ? map_remapped(ctx, "/etc/subgid", gid, root->gids)
                      : map_rootless(ctx, "/etc/subgid", node.gid, node.uid, root->gids);
    if (!known)
        add_note(ctx, remapped ? "65536 ids assumed: no such range in /etc/subuid or /etc/subgid"
                               : "no ranges in /etc/subuid or /etc/subgid");
}

const struct lt_source lt_source_docker_userns = {
    .name = "docker_userns",
    .summary = "userns-remap and rootless: owners of files as the containers see them",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .inventory = docker_userns_inventory,
};
