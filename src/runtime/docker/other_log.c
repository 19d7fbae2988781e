// SPDX-License-Identifier: Apache-2.0
/* Logs that lie elsewhere than in the directory of their container, which may be removed.
 *
 * A log plugin keeps some in its own root file system. Many use Docker's code for it, and the path
 * /var/log/docker/<container ID>/json.log (grafana/loki clients/cmd/docker-driver/driver.go, 2.x) or /var/log/docker/
 * <container ID>. But any path will do: a log is known by its contents, and whose it is by an ID in its path.
 *
 * logrotate's olddir, and people, put others into /var/log or beside the directories of containers. They are known by
 * the ID that their name begins with, and in a directory that is named after Docker by their contents. */
#include "runtime/docker/log.h"

#include "read/source.h"
#include "runtime/log_rotation.h"

#include "parse/ident.h"

enum { ID = 64, DEPTH_OF_PLUGINS = 32 };

/* A search below a directory. */
struct search {
    struct lt_ctx ctx; /* its scratch lives as long as one directory */
    struct lt_err *err;
    bool by_name;        /* only logs with an ID in their path are wanted */
    bool all_ours;       /* no other store of the host looks there */
    unsigned most_depth; /* of directories in each other */
};

/* The reader for a file, NULL if it does not look like a log of Docker's drivers. `*unreadable`: it is packed in a way
 * that is not read. */
static lt_docker_log_reader *reader_of(struct lt_ctx *ctx, struct lt_str path, bool *unreadable)
{
    struct lt_stream *stream;
    struct lt_err problem = {0};
    if (lt_stream_open(ctx->fs, path, &stream, NULL) != LT_OK)
        return NULL;
    lt_docker_log_reader *read = lt_docker_log_shape(stream, &problem);
    *unreadable = problem.set && strcmp(problem.code, LT_CODE_UNSUPPORTED) == 0;
    lt_stream_close(stream);
    return read;
}

/* The container ID that the name of a log begins with, or else the last one among the directories below that of the
 * search; "" if there is none. */
static struct lt_str id_of(struct lt_str below, struct lt_str name)
{
    struct lt_str id = {name.ptr, name.len < ID ? 0 : ID};
    if (lt_is_id(id) && (name.len == ID || name.ptr[ID] == '-' || name.ptr[ID] == '.'))
        return id;
    id.len = 0;
    while (below.len) {
        struct lt_str part = lt_str_cut(&below, '/');
        if (lt_is_id(part))
            id = part;
    }
    return id;
}

/* Who wrote the log: a container, one that is removed, or somebody of whom nothing is known. */
static const struct lt_container *writer_of(struct lt_ctx *ctx, struct lt_str id)
{
    struct lt_container *container = id.len ? lt_map_get(&ctx->root->container_by_id, id) : NULL;
    if (!container && id.len)
        container = lt_inventory_removed(ctx->inventory, ctx->root, id);
    if (container)
        return container;
    container = lt_new(ctx->run, struct lt_container);
    container->root = ctx->root;
    container->log_owner = ctx->root->owner;
    container->log_owner.role = LT_ROLE_LOG;
    return container;
}

static enum lt_status read_log(struct search *search, lt_docker_log_reader *read, const struct lt_list *files,
                               const struct lt_container *container)
{
    struct lt_ctx *ctx = &search->ctx;
    struct lt_log_clock clock = {.ctx = ctx, .container = container};
    struct lt_docker_log log = {
        .ctx = ctx,
        .lines =
            {.ctx = ctx, .container = container, .clock = &clock, .kind = LT_KIND_DOCKER_LOG_LINE, .one_time = true},
    };
    enum lt_status status = lt_docker_log_read(&log, read, files, search->err);
    if (status == LT_OK)
        status = lt_log_clock_end(&clock, search->err);
    lt_docker_log_free(&log);
    lt_log_clock_free(&clock);
    return status;
}

/* Of several stores of the host, that of the container reads its log, the first one those of containers that no store
 * knows. */
static bool is_elsewhere(struct lt_ctx *ctx, struct lt_str id)
{
    const struct lt_root *first = NULL;
    lt_each (const struct lt_root, root, &ctx->host->roots) {
        if (lt_map_get(&root->container_by_id, id))
            return !lt_map_get(&ctx->root->container_by_id, id);
        first = first || root->runtime != ctx->root->runtime ? first : root;
    }
    return first != ctx->root;
}

/* Is this file none that is searched for? */
static bool is_unwanted(struct search *search, const struct lt_node *node, struct lt_str id)
{
    if (!S_ISREG(node->mode) || !node->size)
        return true;
    return (search->by_name && !id.len) || (!search->all_ours && is_elsewhere(&search->ctx, id));
}

/* Read the logs in a directory: each file that looks like one, with all that are named after it. */
static enum lt_status read_logs(struct search *search, struct lt_str directory, struct lt_str below,
                                const struct lt_listing *listing)
{
    struct lt_ctx *ctx = &search->ctx;
    struct lt_map known = {0};
    enum lt_status status = LT_OK;
    for (size_t i = 0; i < listing->count && status == LT_OK; i++) {
        struct lt_str name = listing->nodes[i].name, log = lt_rotation_base(name);
        bool unreadable = false;
        struct lt_str path = lt_path_join(ctx->scratch, directory, name), id = id_of(below, log);
        if (is_unwanted(search, &listing->nodes[i], id) || lt_map_get(&known, log))
            continue;
        lt_docker_log_reader *read = reader_of(ctx, path, &unreadable);
        if (!read && !(unreadable && id.len && log.len < name.len)) {
            if (id.len && lt_str_ends(log, LT_STR(".log")))
                lt_skip(ctx, path, LT_CODE_UNSUPPORTED, LT_DOCKER_NO_LOG);
            continue;
        }
        lt_map_put(&known, ctx->scratch, log, search);
        const struct lt_list files = lt_log_files_among(ctx, directory, listing, i, log);
        status = read_log(search, read ? read : lt_docker_json_read, &files, writer_of(ctx, id));
    }
    return status;
}

static enum lt_status search_directory(struct search *search, struct lt_str directory, struct lt_str below,
                                       unsigned depth)
{
    struct lt_arena *above = search->ctx.scratch, arena = {0};
    struct lt_listing listing;
    search->ctx.scratch = &arena;
    lt_list_or_skip(&search->ctx, directory, &listing);
    enum lt_status status = read_logs(search, directory, below, &listing);
    for (size_t i = 0; i < listing.count && status == LT_OK; i++) {
        struct lt_str path = lt_path_join(&arena, directory, listing.nodes[i].name);
        if (!S_ISDIR(listing.nodes[i].mode) || (search->by_name && lt_is_id(listing.nodes[i].name)))
            continue;
        if (depth < search->most_depth)
            status = search_directory(search, path, lt_path_join(&arena, below, listing.nodes[i].name), depth + 1);
        else if (search->all_ours && !search->by_name)
            lt_skip(&search->ctx, path, LT_CODE_TOO_LARGE, "%u directories deep in a plugin: not searched for logs",
                    search->most_depth);
    }
    search->ctx.scratch = above;
    lt_arena_free(&arena);
    return status;
}

static enum lt_status search_plugins(struct lt_ctx *ctx, struct lt_err *err)
{
    struct search search = {*ctx, err, false, true, DEPTH_OF_PLUGINS};
    struct lt_listing listing;
    struct lt_str plugins = lt_root_path(ctx, "plugins");
    enum lt_status status = LT_OK;
    lt_list_or_skip(ctx, plugins, &listing);
    for (size_t i = 0; i < listing.count && status == LT_OK; i++)
        if (S_ISDIR(listing.nodes[i].mode) && lt_is_id(listing.nodes[i].name))
            status = search_directory(&search, lt_path_join(ctx->run, plugins, listing.nodes[i].name), LT_STR(""), 0);
    return status;
}

/* Search /var/log, or what lies there: in a directory that is named after Docker any log of its drivers is wanted. */
static enum lt_status search_directory_of_logs(struct search *search, struct lt_str path)
{
    struct lt_listing listing;
    enum lt_status status = search_directory(search, path, LT_STR(""), 0);
    lt_fs_list(search->ctx.fs, path, search->ctx.scratch, &listing, NULL);
    for (size_t i = 0; i < listing.count && status == LT_OK; i++) {
        struct lt_str name = listing.nodes[i].name;
        if (!S_ISDIR(listing.nodes[i].mode) || lt_is_id(name))
            continue;
        search->by_name = !memmem(name.ptr, name.len, "docker", strlen("docker"));
        search->most_depth = !search->by_name;
        status = search_directory(search, lt_path_join(search->ctx.scratch, path, name), LT_STR(""), 0);
    }
    return status;
}

/* The directory of logs on each file system of the host, also if that is mounted at or above it. */
static enum lt_status search_var_log(struct lt_ctx *ctx, struct lt_err *err)
{
    static const char *const places[] = {"/var/log", "/log"};
    enum lt_status status = LT_OK;
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts) {
        struct lt_str path, before = LT_STR("");
        for (size_t i = 0; i < sizeof places / sizeof *places && status == LT_OK; i++) {
            struct search search = {lt_ctx_on(ctx, mount->fs), err, true, false, 0};
            if (lt_resolve_or_skip(&search.ctx, lt_str_c(places[i]), &path) != LT_OK || lt_str_eq(path, before))
                continue;
            status = search_directory_of_logs(&search, path);
            before = path;
        }
    }
    return status;
}

static enum lt_status docker_other_log_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct search beside = {*ctx, err, true, true, 1};
    enum lt_status status = search_plugins(ctx, err);
    if (status == LT_OK)
        status = search_directory(&beside, lt_root_path(ctx, "containers"), LT_STR(""), 0);
    return status == LT_OK ? search_var_log(ctx, err) : status;
}

const struct lt_source lt_source_docker_other_log = {
    .name = "docker_log",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .tells_removed = true,
    .events = docker_other_log_events,
};
