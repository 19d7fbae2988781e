// SPDX-License-Identifier: Apache-2.0
/* Who owns a path. Lists each layer that holds it, the images and containers that use the layer, and what each of these
 * containers sees there. The path is one in containers, or one of the host in a layer or a volume; then only that layer
 * or volume is listed. What containers bind of the host is found by both paths, whether or not --binds reads it: always
 * if the bind is a volume, else if nothing is found in layers and volumes, which say themselves what is mounted over
 * them. */
#include "command/command.h"
#include "command/record.h"
#include "files/binds.h"
#include "overlay/lower_stack.h"
#include "overlay/mount_views.h"
#include "run/job.h"
#include "store/mechanics.h"

/* State of the search. */
struct search {
    struct lt_ctx *ctx;
    struct lt_arena *arena;
    struct lt_lower_reader reader;
    struct lt_str path;  /* in containers, "" for their root */
    struct lt_map added; /* paths of mounted files, and of volumes, that were told: several containers may mount them */
    struct lt_list records;
};

/* A place where the path was found. */
struct finding {
    const struct lt_layer *layer;
    struct lt_str path; /* in the evidence */
    struct lt_node node;
    bool deletes; /* a whiteout */
};

/* Is the finding the entry seen, or one of the directories merged into it? */
static bool is_part(struct search *search, const struct lt_lower_stack *stack, const struct lt_lower *seen,
                    const struct finding *finding)
{
    if (seen->layer == finding->layer)
        return true;
    const struct lt_lower_stack *merged =
        S_ISDIR(finding->node.mode) ? lt_lower_enter(&search->reader, stack, seen) : NULL;
    for (size_t i = 0; merged && i < merged->count; i++)
        if (merged->dirs[i].layer == finding->layer)
            return true;
    return false;
}

static const char *status_in(struct search *search, const struct lt_container *container, const struct finding *finding)
{
    const struct lt_lower_stack *top = lt_lower_of_container(&search->reader, container), *stack;
    struct lt_lower seen = {0};
    if (!search->path.len)
        return "visible"; /* the roots of all layers are merged */
    if (!top || !lt_lower_path(&search->reader, top, search->path, &stack, &seen))
        return "deleted";
    return !finding->deletes && is_part(search, stack, &seen, finding) ? "visible" : "replaced";
}

/* The mount that covers `path` in the container, in words; "" if none does. */
static struct lt_str mount_over(struct search *search, const struct lt_container *container, struct lt_str path)
{
    struct lt_buf label = {0};
    const struct lt_mount *mount = lt_mount_over(container, path);
    if (mount)
        lt_mount_label(&label, mount);
    struct lt_str text = lt_str_dup(search->arena, lt_buf_view(&label));
    lt_buf_free(&label);
    return text;
}

/* The same with mounts taken into account: the container may have mounted something over its layers. */
static const char *status_of(struct search *search, const struct lt_container *container, const struct finding *finding)
{
    const char *status = status_in(search, container, finding);
    return strcmp(status, "visible") == 0 && lt_mount_over(container, search->path) ? "hidden" : status;
}

static void add_container(struct search *search, const struct lt_container *container, const char *status,
                          struct lt_str path, struct lt_list *containers, struct lt_list *words)
{
    struct lt_record *record = lt_record_new(search->arena);
    const struct lt_str *label = lt_record_label(search->arena, &container->owner);
    lt_record_name(record, "container_identifier", container->id);
    lt_record_name(record, "container_name", container->name);
    lt_record_name(record, "pod_name", container->pod_name);
    lt_record_name(record, "pod_namespace", container->pod_namespace);
    lt_record_text(record, "status", lt_str_c(status));
    lt_record_name(record, "mounted_over", mount_over(search, container, path));
    lt_list_add(containers, search->arena, record);
    lt_list_add_str(words, search->arena, lt_str_format(search->arena, "%.*s %s", LT_ARG(*label), status));
}

static struct lt_record *describe(struct search *search, struct lt_str path, const struct lt_node *node,
                                  const struct lt_owner *owner, struct lt_str inside)
{
    struct lt_record *record = lt_record_new(search->arena);
    lt_record_name(record, "path", path);
    lt_record_name(record, "filename", inside.len ? inside : LT_STR("/"));
    lt_record_text(record, "layer_role", lt_str_c(lt_role_names[owner->role]));
    if (owner->layer)
        lt_record_name(record, "layer_identifier", lt_layer_name(owner->layer));
    lt_record_name(record, "container_namespace", lt_owner_namespace(owner));
    if (owner->volume)
        lt_record_name(record, "volume_name", owner->volume->name);
    if (owner->image) {
        lt_record_name(record, "image_identifier", owner->image->id);
        lt_record_name(record, "image_name", lt_image_name(owner->image));
    }
    lt_record_int(record, "size", (int64_t)node->size);
    lt_record_int(record, "mode", node->mode & 07777);
    lt_record_time(record, "modified", node->time[LT_M]);
    lt_record_time(record, "born", node->time[LT_B]);
    return record;
}

static void add_finding(struct search *search, const struct finding *finding)
{
    const struct lt_layer *layer = finding->layer;
    struct lt_list images = {0}, containers = {0}, words = {0};
    struct lt_record *record = describe(search, finding->path, &finding->node, &layer->owner, search->path);
    if (finding->deletes)
        lt_record_text(record, "change", lt_str_c(lt_change_names[LT_CHANGE_DELETED]));
    lt_each (const struct lt_image, image, &layer->images)
        lt_list_add(&images, search->arena, &image->id);
    if (layer->container)
        add_container(search, layer->container, status_of(search, layer->container, finding), search->path, &containers,
                      &words);
    lt_each (const struct lt_container, container, &layer->containers)
        add_container(search, container, status_of(search, container, finding), search->path, &containers, &words);
    lt_record_list(record, "images", images);
    lt_record_records(record, "containers", containers);
    lt_record_list(record, "seen_by", words);
    lt_record_root(record, search->ctx->root, lt_owner_runtime(&layer->owner));
    lt_list_add(&search->records, search->arena, record);
}

/* Is there an entry at `path` of the evidence? What cannot be read is reported. */
static bool look(struct search *search, struct lt_str path, struct lt_node *node)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(search->ctx->fs, path, search->arena, node, &problem);
    if (status == LT_SKIP)
        lt_skip_error(search->ctx, path, &problem);
    return status != LT_END && node->mode;
}

/* Add what one layer has at the path: an entry, or a whiteout. */
static void search_layer(struct search *search, const struct lt_layer *layer)
{
    struct finding finding = {.layer = layer};
    struct lt_str subject, name = lt_str_basename(search->path);
    struct lt_str parent = {search->path.ptr, search->path.len - name.len};
    if (!layer->content.len)
        return;
    finding.path = lt_str_format(search->arena, "%.*s%.*s", LT_ARG(layer->content), LT_ARG(search->path));
    if (look(search, finding.path, &finding.node)) {
        enum lt_meaning meaning = layer->mechanics->meaning(&finding.node, &subject);
        finding.deletes = meaning == LT_WHITEOUT;
        if (meaning == LT_PLAIN || finding.deletes)
            add_finding(search, &finding);
    }
    if (!layer->mechanics->named_marks || !name.len)
        return;
    finding.path =
        lt_str_format(search->arena, "%.*s%.*s.wh.%.*s", LT_ARG(layer->content), LT_ARG(parent), LT_ARG(name));
    finding.deletes =
        look(search, finding.path, &finding.node) && layer->mechanics->meaning(&finding.node, &subject) == LT_WHITEOUT;
    if (finding.deletes)
        add_finding(search, &finding);
}

/* Add the file at `path` of the evidence, which `users` mount. */
static void add_mounted(struct search *search, const struct lt_owner *owner, const struct lt_list *users,
                        struct lt_str path)
{
    struct lt_node node;
    struct lt_list containers = {0}, words = {0};
    if (lt_map_get(&search->added, path) || !look(search, path, &node))
        return;
    lt_map_put(&search->added, search->arena, path, search);
    bool covered = owner->role == LT_ROLE_VOLUME && owner->volume->device.len; /* the device is mounted over it */
    lt_each (const struct lt_mount_user, user, users) {
        struct lt_mount_view view;
        if (lt_mount_view_of(user, path, search->arena, &view))
            add_container(search, user->container, view.over || covered ? "hidden" : "visible", view.inside,
                          &containers, &words);
    }
    struct lt_str inside = lt_mount_view_common(users, path, search->arena);
    struct lt_record *record = describe(search, path, &node, owner, inside.len ? inside : path);
    lt_record_records(record, "containers", containers);
    lt_record_list(record, "seen_by", words);
    lt_record_root(record, search->ctx->root, lt_owner_runtime(owner));
    lt_list_add(&search->records, search->arena, record);
}

/* The path of the evidence at which the path searched for lies in what `user` mounts. False: it does not. */
static bool behind_mount(struct search *search, const struct lt_mount_user *user, struct lt_str *path)
{
    struct lt_str rest, at = user->mount->destination;
    if (!at.len || !lt_path_behind(search->path, at, &rest))
        return false;
    *path = lt_str_format(search->arena, "%.*s%.*s", LT_ARG(user->source), LT_ARG(rest));
    return true;
}

/* Search the path in each volume, through the places at which containers mount it. */
static void search_volumes(struct search *search, const struct lt_root *root)
{
    lt_each (const struct lt_volume, volume, &root->volumes)
        lt_each (const struct lt_mount_user, user, &volume->users) {
            struct lt_str path;
            if (!user->nowhere && behind_mount(search, user, &path))
                add_mounted(search, &volume->owner, &volume->users, path);
        }
}

/* What of the host the containers of the store bind, whether or not --binds reads it; or only their volumes that are
 * binds. */
static struct lt_list bound(struct search *search, const struct lt_root *root, bool volumes)
{
    struct lt_list users = {0};
    lt_each (const struct lt_container, container, &root->containers)
        lt_each (const struct lt_mount, mount, &container->mounts) {
            struct lt_str source = lt_bind_source(container, mount, search->arena), path;
            if (!lt_str_starts(source, LT_STR("/")) || mount->automatic || (volumes && !mount->name.len) ||
                lt_fs_resolve(search->ctx->fs, source, search->arena, &path, NULL) != LT_OK)
                continue;
            struct lt_mount_user *user = lt_new(search->arena, struct lt_mount_user);
            *user = (struct lt_mount_user){.container = container, .mount = mount, .source = path};
            lt_list_add(&users, search->arena, user);
        }
    return users;
}

/* Search binds for the path, and for `host`, the same as a path of the host. */
static void search_binds(struct search *search, const struct lt_root *root, struct lt_str host, bool volumes)
{
    struct lt_ctx *ctx = search->ctx, there = lt_ctx_on(ctx, lt_bind_fs(root));
    if (!there.fs)
        return;
    search->ctx = &there;
    struct lt_list users = bound(search, root, volumes);
    lt_each (const struct lt_mount_user, user, &users) {
        struct lt_owner owner = {.host = root->host, .root = root, .role = LT_ROLE_HOST};
        struct lt_str rest, path = host;
        if (lt_str_eq(user->mount->type, LT_STR("volume")))
            owner.volume = lt_map_get(&root->volume_by_name, user->mount->name);
        if (behind_mount(search, user, &path) || lt_path_behind(host, user->source, &rest))
            add_mounted(search, &owner, &users, path);
    }
    search->ctx = ctx;
}

/* Report what is mounted there but is not in the evidence. */
static void search_elsewhere(struct search *search, const struct lt_root *root)
{
    struct lt_str rest;
    lt_each (const struct lt_container, container, &root->containers)
        lt_each (const struct lt_mount, mount, &container->mounts) {
            const struct lt_volume *volume = lt_volume_elsewhere(container, mount);
            if (!volume || !mount->destination.len || !lt_path_behind(search->path, mount->destination, &rest))
                continue;
            if (!lt_map_get(&search->added, volume->path))
                lt_volume_report_elsewhere(search->ctx, volume);
            lt_map_put(&search->added, search->arena, volume->path, search);
        }
}

/* A path of the host. True if it lies in a layer or volume of this store. */
static bool search_host(struct search *search, const struct lt_root *root, struct lt_str path)
{
    struct lt_str rest;
    lt_each (const struct lt_layer, layer, &root->layers)
        if (layer->content.len && lt_path_behind(path, layer->content, &rest)) {
            struct lt_str subject, name = lt_str_basename(rest);
            struct lt_node node;
            bool there = look(search, path, &node);
            bool mark =
                there && layer->mechanics->meaning(&node, &subject) == LT_WHITEOUT && layer->mechanics->named_marks;
            search->path =
                mark ? lt_str_format(search->arena, "%.*s%.*s", (int)(rest.len - name.len), rest.ptr, LT_ARG(subject))
                     : rest;
            search_layer(search, layer);
            return true;
        }
    lt_each (const struct lt_volume, volume, &root->volumes)
        if (lt_path_behind(path, volume->data, &rest)) {
            add_mounted(search, &volume->owner, &volume->users, path);
            return true;
        }
    return false;
}

/* The user's path without slashes at its end and, if the evidence is a directory, relative to that. */
static struct lt_str clean(struct lt_arena *arena, const char *given, const struct lt_evidence *evidence)
{
    struct lt_str path = lt_str_c(given), spec = lt_str_c(evidence->spec), rest;
    while (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    while (spec.len && spec.ptr[spec.len - 1] == '/')
        spec.len--;
    if (!evidence->size && spec.len > 1 && lt_path_behind(path, spec, &rest))
        return rest;
    return !path.len || path.ptr[0] == '/' ? path : lt_path_join(arena, LT_STR(""), path);
}

static const struct lt_column columns[] = {
    {"ROLE", "layer_role", LT_SHOW_ALL},  {"CHANGE", "change", LT_SHOW_ALL},
    {"IMAGE", "image_name", LT_SHOW_ALL}, {"MODIFIED", "modified", LT_SHOW_ALL},
    {"SIZE", "size", LT_SHOW_ALL},        {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"PATH", "path", LT_SHOW_ALL},        {"VOLUME", "volume_name", LT_SHOW_ALL},
    {"SEEN BY", "seen_by", LT_SHOW_ALL},
};

static enum lt_status run_who(struct lt_job *job, struct lt_err *err)
{
    struct search search = {.ctx = &job->ctx, .arena = &job->arena, .reader = {.ctx = &job->ctx}};
    lt_each (struct lt_root, root, &job->inventory.roots) {
        struct lt_str path = clean(&job->arena, job->options->operands[0], root->fs->evidence);
        lt_job_enter(job, root, "who");
        lt_report_blind(&job->ctx);
        if (search_host(&search, root, path))
            continue;
        search.path = path;
        lt_each (const struct lt_layer, layer, &root->layers)
            search_layer(&search, layer);
        search_volumes(&search, root);
        search_binds(&search, root, path, true);
        search_elsewhere(&search, root);
    }
    if (!search.records.count)
        lt_each (struct lt_root, root, &job->inventory.roots) {
            search.path = clean(&job->arena, job->options->operands[0], root->fs->evidence);
            lt_job_enter(job, root, "who");
            search_binds(&search, root, search.path, false);
        }
    lt_lower_end(&search.reader);
    if (!search.records.count && !job->options->quiet)
        lt_say("no layer, volume or bind holds '%s'", job->options->operands[0]);
    return lt_records_write(job, &search.records, columns, sizeof columns / sizeof *columns, err);
}

const struct lt_command lt_command_who = {
    .name = "who",
    .arguments = "PATH EVIDENCE...",
    .summary = "which layers and volumes hold a path, whose they are, and what each container sees there",
    .operands = 1,
    .options = LT_OPTIONS_JSON,
    .run = run_who,
};
