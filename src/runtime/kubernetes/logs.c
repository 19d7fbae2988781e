// SPDX-License-Identifier: Apache-2.0
/* Which logs there are (kubernetes pkg/kubelet/kuberuntime/helpers.go and legacy.go, pkg/kubelet/logs/
 * container_log_manager.go, 1.33; before 1.14 the directory of a pod is its UID, before 1.11 the logs are in it):
 *
 *   pods/<namespace>_<pod>_<UID>/<container>/<attempt>.log           written now
 *   ... <attempt>.log.<YYYYMMDD-HHMMSS>[.gz]                         rotated, the time is in the kubelet's zone
 *   ... <attempt>.log.<YYYYMMDD-HHMMSS>.tmp                          its packed copy in the making
 *   ... <attempt>.log.1, <attempt>.log-20261123.gz ...               by logrotate or by hand (parse/rotation.h)
 *   containers/<pod>_<namespace>_<container>-<ID>.log                link to the first, made once the container runs
 *
 * A log that is itself a link leads to one of Docker's, which is read there. */
#include "clock/zones.h"
#include "parse/crilog.h"
#include "parse/stamp.h"
#include "runtime/kubernetes/kubernetes.h"

#include <stdlib.h>

/* Oldest first. A packed copy comes after the file that it was made from. */
static int by_age(const void *a, const void *b)
{
    const struct lt_kube_log_file *left = *(const struct lt_kube_log_file *const *)a;
    const struct lt_kube_log_file *right = *(const struct lt_kube_log_file *const *)b;
    int order = lt_rotation_cmp(&left->log.rotation, &right->log.rotation);
    return order ? order : lt_str_cmp(left->path, right->path);
}

/* The daemon stamps lines with the host's zone. */
static void note_offset(struct lt_ctx *ctx, struct lt_kube_log_file *file)
{
    struct lt_stream *stream;
    struct lt_crilog line;
    struct lt_time time;
    if (lt_stream_open(ctx->fs, file->path, &stream, NULL) != LT_OK)
        return;
    lt_stream_fill(stream, NULL); /* what cannot be read is reported with the lines */
    struct lt_str text = lt_stream_view(stream);
    if (lt_crilog_parse(lt_str_cut(&text, '\n'), &line, NULL) == LT_OK) {
        lt_zone_note_offset(ctx, line.stamp, file->path, "times of container logs");
        file->has_offset = lt_stamp_zoned(line.stamp, &time, &file->minutes, NULL) == LT_OK;
    }
    lt_stream_close(stream);
}

static struct lt_kube_log *get_log(struct lt_ctx *ctx, struct lt_map *logs, struct lt_str path)
{
    struct lt_kube_log *log = lt_map_get(logs, path);
    if (log)
        return log;
    log = lt_new(ctx->run, struct lt_kube_log);
    log->path = lt_str_dup(ctx->run, path);
    lt_map_put(logs, ctx->scratch, log->path, log);
    lt_list_add(&lt_kube_root(ctx->root)->logs, ctx->run, log);
    return log;
}

/* Add the logs of `directory`. The name of the container is that of the directory, "" if the files begin with it. */
static void find_files(struct lt_ctx *ctx, struct lt_kube_pod *pod, struct lt_str directory, struct lt_str container)
{
    struct lt_listing listing;
    struct lt_map logs = {0};
    lt_list_or_skip(ctx, directory, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_pod_log parts;
        struct lt_pod_name name;
        if (!S_ISREG(listing.nodes[i].mode))
            continue;
        if (!lt_pod_log_file(listing.nodes[i].name, &parts, &name) || !name.container.len == !container.len) {
            lt_skip(ctx, lt_path_join(ctx->scratch, directory, listing.nodes[i].name), LT_CODE_UNSUPPORTED,
                    "no name of a container's log: not read");
            continue;
        }
        struct lt_kube_log *log = get_log(ctx, &logs, lt_path_join(ctx->scratch, directory, parts.log));
        struct lt_kube_log_file *file = lt_new(ctx->run, struct lt_kube_log_file);
        log->pod = pod;
        log->name = (struct lt_pod_name){
            .container = lt_str_dup(ctx->run, container.len ? container : name.container),
            .attempt = name.attempt,
            .has_attempt = true,
        };
        file->log = parts;
        file->path = lt_path_join(ctx->run, directory, listing.nodes[i].name);
        file->log.stamp = lt_str_dup(ctx->run, parts.stamp);
        lt_list_add(&log->files, ctx->run, file);
        note_offset(ctx, file);
    }
}

static void find_pod(struct lt_ctx *ctx, const struct lt_node *node)
{
    struct lt_pod_name name;
    struct lt_listing listing;
    struct lt_str directory = lt_path_join(ctx->scratch, ctx->root->path, node->name);
    if (!lt_pod_log_directory(node->name, &name)) {
        lt_skip(ctx, directory, LT_CODE_BAD_ID, "no name of a directory with the logs of a pod: no logs are read here");
        return;
    }
    struct lt_kube_pod *pod = lt_kube_pod_get(ctx, name.uid, name.name, name.namespace);
    bool flat = false;
    lt_list_or_skip(ctx, directory, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        flat |= S_ISREG(listing.nodes[i].mode);
        if (S_ISDIR(listing.nodes[i].mode))
            find_files(ctx, pod, lt_path_join(ctx->scratch, directory, listing.nodes[i].name), listing.nodes[i].name);
    }
    if (flat)
        find_files(ctx, pod, directory, LT_STR(""));
}

/* What the target says is not cut. Before 1.11 it had no directory of the container. */
static void name_by_target(struct lt_ctx *ctx, struct lt_kube_link *link)
{
    struct lt_pod_log parts;
    struct lt_pod_name name, directory;
    for (unsigned count = 2; count <= 3; count++) {
        struct lt_str tail = lt_kube_tail(link->target, count);
        if (!lt_pod_log_directory(lt_str_cut(&tail, '/'), &directory))
            continue;
        struct lt_str container = count == 3 ? lt_str_cut(&tail, '/') : LT_STR("");
        if (!lt_pod_log_file(tail, &parts, &name) || !name.container.len == !container.len)
            continue;
        link->name.uid = lt_str_dup(ctx->run, directory.uid);
        link->name.container = lt_str_dup(ctx->run, container.len ? container : name.container);
        link->name.attempt = name.attempt;
        link->name.has_attempt = true;
        link->tail = lt_kube_tail(link->target, count);
    }
}

/* Is the target missing for certain? What lies on another file system than the logs is not looked for. */
static bool is_dangling(struct lt_ctx *ctx, const struct lt_kube_link *link)
{
    struct lt_str real;
    struct lt_node node;
    if (lt_fs_resolve(ctx->fs, link->path, ctx->scratch, &real, NULL) != LT_END)
        return false;
    if (link->tail.len)
        return lt_fs_stat(ctx->fs, lt_path_join(ctx->scratch, ctx->root->path, link->tail), ctx->scratch, &node,
                          NULL) == LT_END;
    return ctx->host->mounts.count == 1 && ctx->host->etc;
}

static void add_link(struct lt_ctx *ctx, struct lt_str directory, const struct lt_node *node)
{
    struct lt_kube_link *link = lt_new(ctx->run, struct lt_kube_link);
    link->path = lt_path_join(ctx->run, directory, node->name);
    if (!lt_pod_log_link(lt_str_basename(link->path), &link->name)) {
        lt_skip(ctx, link->path, LT_CODE_BAD_ID, "no name of a link to the log of a container");
        return;
    }
    link->target = lt_str_dup(ctx->run, node->target);
    link->is_born = node->time[LT_B].set;
    link->made = node->time[link->is_born ? LT_B : LT_M];
    name_by_target(ctx, link);
    link->dangling = is_dangling(ctx, link);
    if (link->name.uid.len)
        lt_kube_pod_get(ctx, link->name.uid, link->name.name, link->name.namespace);
    lt_list_add(&lt_kube_root(ctx->root)->links, ctx->run, link);
}

static void find_links(struct lt_ctx *ctx)
{
    struct lt_listing listing;
    struct lt_str path = lt_path_join(ctx->run, lt_str_dirname(ctx->root->path), LT_STR("containers"));
    if (lt_list_or_skip(ctx, path, &listing) == LT_END)
        return;
    lt_kube_root(ctx->root)->links_path = path;
    for (size_t i = 0; i < listing.count; i++)
        if (S_ISLNK(listing.nodes[i].mode))
            add_link(ctx, path, &listing.nodes[i]);
}

void lt_kube_logs_find(struct lt_ctx *ctx)
{
    struct lt_listing listing;
    lt_list_or_skip(ctx, ctx->root->path, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (S_ISDIR(listing.nodes[i].mode))
            find_pod(ctx, &listing.nodes[i]);
    lt_each (struct lt_kube_log, log, &lt_kube_root(ctx->root)->logs)
        qsort(log->files.items, log->files.count, sizeof *log->files.items, by_age);
    find_links(ctx);
}
