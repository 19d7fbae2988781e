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
#include "host/subids.h"
#include "read/source.h"

#include "parse/idmap.h"

enum { USUAL_COUNT = 65536 };

static void add_note(struct lt_ctx *ctx, const char *note)
{
    ctx->root->why = lt_str_format(ctx->run, "%.*s, %s", LT_ARG(ctx->root->why), note);
}

/* False: the number of IDs is assumed. */
static bool map_remapped(struct lt_ctx *ctx, bool group, uint32_t first, struct lt_idmap *map)
{
    if (lt_idmap_add_beginning(map, lt_host_subids(ctx, group), first))
        return true;
    lt_idmap_add(map, first, USUAL_COUNT);
    return false;
}

/* Ranges by number take precedence over those by name. False: there are no ranges. */
static bool map_rootless(struct lt_ctx *ctx, bool group, uint32_t id, uint32_t uid, struct lt_idmap *map)
{
    struct lt_str subids = lt_host_subids(ctx, group), number = lt_str_format(ctx->scratch, "%u", uid);
    struct lt_str name = lt_passwd_name(lt_host_file(ctx, "/etc/passwd"), uid);
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
    bool known =
        remapped ? map_remapped(ctx, false, uid, root->uids) : map_rootless(ctx, false, node.uid, node.uid, root->uids);
    known &=
        remapped ? map_remapped(ctx, true, gid, root->gids) : map_rootless(ctx, true, node.gid, node.uid, root->gids);
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
