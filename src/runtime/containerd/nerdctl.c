// SPDX-License-Identifier: Apache-2.0
/* What nerdctl keeps of its containers beside containerd's store (nerdctl pkg/clientutil, pkg/containerutil,
 * pkg/logging/json_logger.go, pkg/ocihook/state, pkg/namestore, pkg/dnsutil/hostsstore, 1.7 and 2.1). A directory below
 * its data root belongs to an address of containerd:
 *
 *   <8 digits of its SHA-256>/containers/<namespace>/<ID>/<ID>-json.log     its log, in Docker's format, and what was
 *                                                        rotated; or as log-config.json says
 *                                                        lifecycle.json    nerdctl 2: when it was last started
 *                            /names/<namespace>/<name>                     the ID; nerdctl 2: /<namespace>/<name>
 *                            /etchosts/<namespace>/<ID>/                   its hosts file
 *                            /volumes/<namespace>/                         see nerdctl_volume.c
 *
 * The label nerdctl/state-dir of a container names its directory. */
#include "runtime/containerd/nerdctl.h"

#include "parse/ident.h"
#include "parse/json.h"
#include "parse/stamp.h"
#include "read/source.h"
#include "runtime/json_log.h"
#include "runtime/log_rotation.h"

/* --- where it is --- */

static bool is_place(struct lt_str name)
{
    enum { DIGITS = 8 };
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("0123456789abcdef", name.ptr[i]) || !name.ptr[i])
            return false;
    return name.len == DIGITS;
}

static void add_place(struct lt_ctx *ctx, struct lt_list *places, struct lt_str path)
{
    if (!lt_list_has_str(places, path))
        lt_list_add_str(places, ctx->run, lt_str_dup(ctx->run, path));
}

static void add_below(struct lt_ctx *ctx, struct lt_list *places, struct lt_str data_root)
{
    struct lt_listing listing;
    lt_list_or_skip(ctx, data_root, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (S_ISDIR(listing.nodes[i].mode) && is_place(listing.nodes[i].name))
            add_place(ctx, places, lt_path_join(ctx->scratch, data_root, listing.nodes[i].name));
}

/* The directory of a container by its label, and its place; "" if there is none. A label may say anything. */
static struct lt_str labelled(struct lt_ctx *ctx, const struct lt_containerd_record *record, struct lt_str *place)
{
    struct lt_str path = lt_containerd_pair(&record->labels, "nerdctl/state-dir"), found;
    struct lt_str tail =
        lt_str_format(ctx->scratch, "/containers/%.*s/%.*s", LT_ARG(record->namespace), LT_ARG(record->id));
    if (!path.len || lt_resolve_or_skip(ctx, path, &found) != LT_OK || !lt_str_ends(found, tail))
        return LT_STR("");
    *place = (struct lt_str){found.ptr, found.len - tail.len};
    return is_place(lt_str_basename(*place)) ? found : LT_STR("");
}

struct lt_list lt_nerdctl_places(struct lt_ctx *ctx)
{
    struct lt_list places = {0};
    const struct lt_root *first = NULL;
    lt_each (const struct lt_root, root, &ctx->host->roots)
        first = !first && root->runtime == ctx->root->runtime && !root->rootless ? root : first;
    lt_each (const struct lt_containerd_record, record, &lt_containerd(ctx->root)->records[LT_CONTAINERD_CONTAINER]) {
        struct lt_str place;
        if (labelled(ctx, record, &place).len)
            add_place(ctx, &places, place);
    }
    if (ctx->root->rootless)
        add_below(ctx, &places, lt_path_join(ctx->scratch, lt_str_dirname(ctx->root->path), LT_STR("nerdctl")));
    else if (ctx->root == first && ctx->root->path.len)
        add_below(ctx, &places, LT_STR("/var/lib/nerdctl"));
    return places;
}

/* "<place>/<kind>/<namespace>/<name>", without a kind "<place>/<namespace>/<name>"; in the run arena. */
static struct lt_str path_of(struct lt_ctx *ctx, struct lt_str place, const char *kind, struct lt_str namespace,
                             struct lt_str name)
{
    struct lt_str above = kind ? lt_path_join(ctx->run, place, lt_str_c(kind)) : place;
    return lt_path_join(ctx->run, lt_path_join(ctx->run, above, namespace), name);
}

/* --- containers --- */

static void read_lifecycle(struct lt_ctx *ctx, struct lt_container *container, struct lt_str directory)
{
    struct json_t *json = NULL;
    struct lt_str path = lt_path_join(ctx->scratch, directory, LT_STR("lifecycle.json"));
    struct lt_err problem = {0};
    if (lt_read_json_or_skip(ctx, path, LT_OPTIONAL, &json) != LT_OK)
        return;
    struct lt_str text = lt_json_str(json, "started_at");
    if (text.len && lt_stamp_rfc3339(text, &container->started, &problem) != LT_OK)
        lt_skip_error(ctx, path, &problem);
    lt_json_free(json);
}

static void find_state(struct lt_ctx *ctx, const struct lt_list *places, struct lt_container *container)
{
    struct lt_containerd_container *own = lt_containerd_container(container);
    struct lt_str label = lt_containerd_pair(&own->record->labels, "nerdctl/state-dir"), place_of_it;
    struct lt_str path = labelled(ctx, own->record, &place_of_it);
    struct lt_node node;
    lt_each (const struct lt_str, place, places) {
        struct lt_str here = path_of(ctx, *place, "containers", container->namespace, container->id);
        if (!path.len && lt_stat_or_skip(ctx, here, &node) == LT_OK)
            path = here;
    }
    if (!path.len && label.len)
        lt_skip(ctx, label, LT_CODE_MISSING, "no directory of nerdctl's container '%.*s'", LT_ARG(container->id));
    if (!path.len)
        return;
    own->nerdctl = lt_str_dup(ctx->run, path);
    lt_identifier_add(ctx->inventory, &container->identifiers, "nerdctl_path", own->nerdctl);
    read_lifecycle(ctx, container, path);
}

/* A name counts where the record has no label for it. */
static void take_name(struct lt_ctx *ctx, struct lt_str path, struct lt_str namespace)
{
    enum { MOST = 4096 };
    struct lt_str text;
    if (lt_read_text_or_skip(ctx, path, MOST, LT_OPTIONAL, &text) != LT_OK)
        return;
    struct lt_container *container =
        lt_map_get(&ctx->root->container_by_id, lt_namespaced(ctx->scratch, namespace, text));
    if (container && !container->name.len)
        container->name = lt_str_dup(ctx->run, lt_str_basename(path));
}

/* Does the directory in a place hold something else than the names of a namespace? */
static bool is_other(struct lt_str name)
{
    static const char *const others[] = {"containers", "etchosts", "names", "networks", "volumes"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (lt_str_eq(name, lt_str_c(others[i])))
            return true;
    return false;
}

/* Read the names in `folder`, which has a directory for each namespace. */
static void read_names(struct lt_ctx *ctx, struct lt_str folder)
{
    struct lt_listing namespaces, names;
    lt_list_or_skip(ctx, folder, &namespaces);
    for (size_t i = 0; i < namespaces.count; i++) {
        struct lt_str inner = lt_path_join(ctx->scratch, folder, namespaces.nodes[i].name);
        if (!S_ISDIR(namespaces.nodes[i].mode) || is_other(namespaces.nodes[i].name))
            continue;
        lt_list_or_skip(ctx, inner, &names);
        for (size_t k = 0; k < names.count; k++)
            if (S_ISREG(names.nodes[k].mode) && !lt_str_starts(names.nodes[k].name, LT_STR(".")))
                take_name(ctx, lt_path_join(ctx->scratch, inner, names.nodes[k].name), namespaces.nodes[i].name);
    }
}

static void containerd_nerdctl_inventory(struct lt_ctx *ctx)
{
    const struct lt_list places = lt_nerdctl_places(ctx);
    lt_each (struct lt_container, container, &ctx->root->containers)
        if (lt_containerd_container(container) && lt_containerd_container(container)->record)
            find_state(ctx, &places, container);
    lt_each (const struct lt_str, place, &places) {
        read_names(ctx, lt_path_join(ctx->scratch, *place, LT_STR("names")));
        read_names(ctx, *place);
    }
}

void lt_nerdctl_give(struct lt_ctx *ctx)
{
    const struct lt_list places = lt_nerdctl_places(ctx);
    lt_each (const struct lt_str, place, &places) {
        lt_root_add_tree(ctx->inventory, ctx->root, *place, false);
        lt_each (struct lt_container, container, &ctx->root->containers) {
            struct lt_str namespace = container->namespace;
            lt_root_give(ctx->inventory, ctx->root, path_of(ctx, *place, "etchosts", namespace, container->id),
                         &container->owner);
            if (container->name.len)
                for (int old = 0; old <= 1; old++)
                    lt_root_give(ctx->inventory, ctx->root,
                                 path_of(ctx, *place, old ? "names" : NULL, namespace, container->name),
                                 &container->owner);
        }
    }
    lt_each (struct lt_container, container, &ctx->root->containers)
        if (lt_containerd_container(container) && lt_containerd_container(container)->nerdctl.len)
            lt_root_give(ctx->inventory, ctx->root, lt_containerd_container(container)->nerdctl, &container->owner);
    lt_each (struct lt_volume, volume, &ctx->root->volumes)
        lt_root_give(ctx->inventory, ctx->root, volume->path, &volume->owner);
}

/* --- events --- */

static enum lt_status emit_started(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    struct lt_str directory = lt_containerd_container(container)->nerdctl;
    const struct lt_attr attr = {.key = LT_ATTR_ACTION, .text = LT_STR("start")};
    struct lt_event event = {
        .kind = LT_KIND_CONTAINERD_STARTED,
        .time = {container->started},
        .owner = &container->owner,
        .where = {.file = lt_path_join(ctx->scratch, directory, LT_STR("lifecycle.json")), .field = "started_at"},
        .attrs = &attr,
        .attr_count = 1,
        .tags = container->tags,
    };
    return container->started.set ? lt_emit_one(ctx, &event, err) : LT_OK;
}

/* Where the log is: in the container's directory, unless the user chose another place. */
static struct lt_str log_path(struct lt_ctx *ctx, const struct lt_container *container)
{
    struct lt_str directory = lt_containerd_container(container)->nerdctl;
    struct lt_str config = lt_path_join(ctx->scratch, directory, LT_STR("log-config.json")), path = LT_STR("");
    struct json_t *json = NULL;
    if (lt_read_json_or_skip(ctx, config, LT_OPTIONAL, &json) == LT_OK)
        path = lt_str_dup(ctx->scratch, lt_json_str(json, "opts.log-path"));
    lt_json_free(json);
    return path.len ? path
                    : lt_path_join(ctx->scratch, directory,
                                   lt_str_format(ctx->scratch, "%.*s-json.log", LT_ARG(container->id)));
}

static enum lt_status read_log(struct lt_log_lines *lines, struct lt_str path, struct lt_err *err)
{
    struct lt_logline record = {0};
    enum lt_status status = LT_OK;
    const struct lt_list files = lt_log_files(lines->ctx, lt_str_dirname(path), lt_str_basename(path), true);
    lt_each (const struct lt_log_file, file, &files) {
        struct lt_stream *stream;
        if (!file->follows)
            lt_log_clock_begin(lines->clock);
        if (status != LT_OK || lt_log_lines_open(lines, file->path, &stream) != LT_OK)
            continue;
        status = lt_json_log_read(lines, &record, stream, err);
        lt_stream_close(stream);
    }
    lt_logline_free(&record);
    return status == LT_OK ? lt_log_lines_end(lines, err) : status;
}

static enum lt_status read_container(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    struct lt_log_clock clock = {.ctx = ctx, .container = container};
    struct lt_log_lines lines = {ctx, container, &clock, LT_KIND_DOCKER_LOG_LINE, .one_time = true};
    enum lt_status status = emit_started(ctx, container, err);
    lt_log_clock_begin(&clock);
    if (status == LT_OK)
        status = read_log(&lines, log_path(ctx, container), err);
    lt_log_lines_free(&lines);
    lt_log_clock_files(&clock);
    if (status == LT_OK)
        status = lt_log_clock_end(&clock, err);
    lt_log_clock_free(&clock);
    return status;
}

static enum lt_status containerd_nerdctl_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_container, container, &ctx->root->containers) {
        const struct lt_containerd_container *own = lt_containerd_container(container);
        if (status == LT_OK && own && own->nerdctl.len)
            status = read_container(ctx, container, err);
    }
    return status;
}

const struct lt_source lt_source_containerd_nerdctl = {
    .name = "nerdctl",
    .summary = "nerdctl's state of its containers: last start, and each line of their logs",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .inventory = containerd_nerdctl_inventory,
    .events = containerd_nerdctl_events,
};
