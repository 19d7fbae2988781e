// SPDX-License-Identifier: Apache-2.0
#include "runtime/kubernetes/kubernetes.h"

/* --- logs --- */

/* The container whose runtime says that this is its log. */
static const struct lt_container *by_log_path(const struct lt_kube_log *log)
{
    lt_each (const struct lt_container, container, &log->pod->containers) {
        struct lt_str path = lt_identifier_of(&container->identifiers, "log_path");
        if (path.len && lt_str_eq(lt_kube_tail(path, 3), lt_kube_tail(log->path, 3)))
            return container;
    }
    return NULL;
}

/* The pod of a link. If the target does not tell its UID, it is the only one of that name, else one of its own. */
static struct lt_kube_pod *pod_of(struct lt_ctx *ctx, const struct lt_kube_link *link)
{
    const struct lt_pod_name *name = &link->name;
    if (name->uid.len)
        return lt_kube_pod_get(ctx, name->uid, name->name, name->namespace);
    struct lt_kube_pod *pod = lt_kube_pod_named(ctx, name->name, name->namespace);
    if (!pod) {
        struct lt_str key = lt_path_join(ctx->scratch, name->namespace, name->name);
        pod = lt_kube_pod_get(ctx, key, name->name, name->namespace);
        pod->uid = LT_STR("");
    }
    return pod;
}

/* Containers of links first, as these have IDs; a log without one belongs to the container of its link. */
static void link_logs(struct lt_ctx *ctx)
{
    struct lt_kube_root *own = lt_kube_root(ctx->root);
    struct lt_map by_target = {0};
    lt_each (struct lt_kube_link, link, &own->links) {
        link->container = lt_kube_container(ctx, pod_of(ctx, link), &link->name);
        if (link->tail.len)
            lt_map_put(&by_target, ctx->scratch, link->tail, link);
    }
    lt_each (struct lt_kube_log, log, &own->logs) {
        struct lt_str tail = LT_STR("");
        lt_path_behind(log->path, ctx->root->path, &tail);
        const struct lt_kube_link *link = lt_map_get(&by_target, lt_str_skip(tail, 1));
        log->container = by_log_path(log);
        if (!log->container && link)
            log->container = link->container;
        if (!log->container)
            log->container = lt_kube_container(ctx, log->pod, &log->name);
    }
}

static struct lt_owner *log_owner(const struct lt_container *container)
{
    return (struct lt_owner *)(size_t)&container->log_owner;
}

static void give_logs(struct lt_ctx *ctx)
{
    struct lt_inventory *inventory = ctx->inventory;
    struct lt_kube_root *own = lt_kube_root(ctx->root);
    lt_each (const struct lt_kube_log, log, &own->logs) {
        struct lt_str directory = lt_str_dirname(log->path);
        if (!log->name.container.len || !lt_str_eq(lt_str_dirname(directory), ctx->root->path))
            directory = lt_str_dirname(directory); /* that of the pod */
        lt_root_give(inventory, ctx->root, directory, log_owner(lt_kube_pod_itself(ctx, log->pod)));
        lt_each (const struct lt_kube_log_file, file, &log->files)
            lt_root_give(inventory, ctx->root, file->path, log_owner(log->container));
    }
    if (!own->links_path.len)
        return;
    lt_root_add_tree(inventory, ctx->root, own->links_path, false);
    lt_each (const struct lt_kube_link, link, &own->links)
        lt_root_give(inventory, ctx->root, link->path, log_owner(link->container));
}

/* --- the kubelet's directories of pods --- */

/* What follows "/pods/<UID>/<name>/" in a path of the host. */
static bool in_pod(struct lt_str path, struct lt_str uid, const char *name, struct lt_str *rest)
{
    struct lt_buf mark = {0};
    lt_buf_printf(&mark, "/pods/%.*s/%s/", LT_ARG(uid), name);
    const char *found = memmem(path.ptr, path.len, mark.ptr, mark.len);
    if (found)
        *rest = lt_str_skip(path, (size_t)(found - path.ptr) + mark.len);
    lt_buf_free(&mark);
    return found;
}

/* A container sees a volume, or a part of it, which is mounted at another place before. */
static void add_user(struct lt_ctx *ctx, struct lt_volume *volume, const struct lt_container *container,
                     const struct lt_mount *mount, struct lt_str part, bool elsewhere)
{
    struct lt_mount_user *user = lt_new(ctx->run, struct lt_mount_user);
    *user = (struct lt_mount_user){.container = container, .mount = mount, .source = volume->path};
    if (part.len)
        user->source = lt_path_join(ctx->run, volume->path, part);
    user->nowhere = elsewhere;
    lt_list_add(&volume->users, ctx->run, user);
}

static struct lt_volume *volume_of(struct lt_ctx *ctx, struct lt_str uid, struct lt_str name)
{
    return lt_map_get(&ctx->root->volume_by_name, lt_str_format(ctx->scratch, "%.*s/%.*s", LT_ARG(uid), LT_ARG(name)));
}

static void link_mount(struct lt_ctx *ctx, const struct lt_kube_pod *pod, struct lt_container *container,
                       const struct lt_mount *mount)
{
    struct lt_str rest;
    if (in_pod(mount->source, pod->uid, "volumes", &rest)) {
        lt_str_cut(&rest, '/'); /* the plugin */
        struct lt_volume *volume = volume_of(ctx, pod->uid, lt_str_cut(&rest, '/'));
        if (volume)
            add_user(ctx, volume, container, mount, rest, false);
    } else if (in_pod(mount->source, pod->uid, "volume-subpaths", &rest)) {
        struct lt_volume *volume = volume_of(ctx, pod->uid, lt_str_cut(&rest, '/'));
        if (volume)
            add_user(ctx, volume, container, mount, LT_STR(""), true);
    } else if (in_pod(mount->source, pod->uid, "containers", &rest)) {
        struct lt_str path = lt_str_format(ctx->run, "%.*s/pods/%.*s/containers/%.*s", LT_ARG(ctx->root->path),
                                           LT_ARG(pod->uid), LT_ARG(rest));
        lt_root_give(ctx->inventory, ctx->root, path, &container->owner);
    }
}

/* The name of a volume is unique in its pod, whose name people know; where two pods have that, the UID stays. */
static void name_volumes(struct lt_ctx *ctx)
{
    struct lt_map names = {0};
    lt_each (struct lt_volume, volume, &ctx->root->volumes) {
        struct lt_str name = volume->name;
        struct lt_kube_pod *pod = lt_kube_pod_get(ctx, lt_str_cut(&name, '/'), LT_STR(""), LT_STR(""));
        volume->pod = lt_kube_pod_itself(ctx, pod);
        lt_root_give(ctx->inventory, ctx->root, volume->path, &volume->owner);
        name = lt_path_join(ctx->run, pod->name, name);
        if (!pod->name.len || lt_map_get(&names, name))
            continue;
        volume->name = name;
        lt_map_put(&names, ctx->scratch, name, volume);
    }
}

static void link_pods(struct lt_ctx *ctx)
{
    struct lt_inventory *inventory = ctx->inventory;
    struct lt_str pods = lt_root_path(ctx, "pods");
    lt_each (struct lt_kube_pod, pod, &lt_kube_host(ctx)->pod_list) {
        struct lt_container *itself = lt_kube_pod_itself(ctx, pod);
        lt_root_give(inventory, ctx->root, lt_path_join(ctx->run, pods, pod->key), &itself->owner);
        lt_each (struct lt_container, container, &pod->containers)
            lt_each (const struct lt_mount, mount, &container->mounts)
                link_mount(ctx, pod, container, mount);
    }
    name_volumes(ctx);
}

void lt_kube_link(struct lt_ctx *ctx)
{
    lt_kube_collect(ctx);
    ctx->root->owners_nest = true;
    if (lt_kube_root(ctx->root)->is_log) {
        link_logs(ctx);
        give_logs(ctx);
    } else {
        link_pods(ctx);
    }
}
