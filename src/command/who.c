// SPDX-License-Identifier: Apache-2.0
/* Who owns a path. Lists each layer that holds it, the images and containers that use the layer, and what each of these
 * containers sees there. The path is one in containers, or one of the host in a layer or a volume; then only that layer
 * or volume is listed. What containers bind of the host is found by both paths. */
#include "command/who.h"

#include "command/command.h"
#include "command/recover.h"
#include "files/bind_sources.h"
#include "overlay/mount_views.h"
#include "run/job.h"
#include "run/traces.h"
#include "store/mechanics.h"

/* A place where the path was found. */
struct finding {
    const struct lt_layer *layer;
    struct lt_str path; /* in the evidence */
    struct lt_node node;
    bool deletes; /* a whiteout */
};

/* Is the finding the entry seen, or one of the directories merged into it? */
static bool is_part(struct lt_who *who, const struct lt_lower_stack *stack, const struct lt_lower *seen,
                    const struct finding *finding)
{
    if (seen->layer == finding->layer)
        return true;
    const struct lt_lower_stack *merged =
        S_ISDIR(finding->node.mode) ? lt_lower_enter(&who->reader, stack, seen) : NULL;
    for (size_t i = 0; merged && i < merged->count; i++)
        if (merged->dirs[i].layer == finding->layer)
            return true;
    return false;
}

static const char *status_in(struct lt_who *who, const struct lt_container *container, const struct finding *finding)
{
    const struct lt_lower_stack *top = lt_lower_of_container(&who->reader, container), *stack;
    struct lt_lower seen = {0};
    if (!who->path.len)
        return "visible"; /* the roots of all layers are merged */
    if (!top || !lt_lower_path(&who->reader, top, who->path, &stack, &seen))
        return "deleted";
    return !finding->deletes && is_part(who, stack, &seen, finding) ? "visible" : "replaced";
}

/* The same with mounts taken into account: the container may have mounted something over its layers. */
static const char *status_of(struct lt_who *who, const struct lt_container *container, const struct finding *finding)
{
    const char *status = status_in(who, container, finding);
    return strcmp(status, "visible") == 0 && lt_mount_over(container, who->path) ? "hidden" : status;
}

/* Say which layer below still has what the entry deletes or replaces. */
static void add_content(struct lt_who *who, struct lt_record *record, const struct lt_layer *layer)
{
    bool whole;
    struct lt_lower lower = {0};
    const struct lt_lower_stack *below = lt_lower_of_layer(&who->reader, layer, &whole), *stack;
    if (!below || !lt_lower_path(&who->reader, below, who->path, &stack, &lower) || !S_ISREG(lower.node.mode))
        return;
    lt_record_name(record, "hides_layer", lt_layer_name(lower.layer));
    lt_record_text(record, "content", LT_STR(LT_HIDDEN_WHOLE));
}

/* Add what the container did to the entry, or that it deleted it. */
static void add_change(struct lt_who *who, struct lt_record *record, const struct finding *finding)
{
    enum lt_change change = finding->deletes                     ? LT_CHANGE_DELETED
                            : finding->layer->role == LT_ROLE_RW ? lt_who_change(who, finding->layer)
                                                                 : LT_CHANGE_NONE;
    if (change)
        lt_record_text(record, "change", lt_str_c(lt_change_names[change]));
    if (change == LT_CHANGE_DELETED || change == LT_CHANGE_REPLACED || change == LT_CHANGE_MODIFIED) {
        who->deleted = true;
        add_content(who, record, finding->layer);
    }
}

static void add_seer(struct lt_who *who, const struct lt_container *container, const struct finding *finding,
                     struct lt_list *containers, struct lt_list *words)
{
    const struct lt_who_seen seen = {container, status_of(who, container, finding), who->path, false};
    lt_who_add_container(who, &seen, containers, words);
}

static void add_finding(struct lt_who *who, const struct finding *finding)
{
    const struct lt_layer *layer = finding->layer;
    struct lt_list images = {0}, containers = {0}, words = {0};
    struct lt_record *record = lt_who_describe(who, finding->path, &finding->node, &layer->owner, who->path);
    add_change(who, record, finding);
    lt_each (const struct lt_image, image, &layer->images)
        lt_list_add(&images, who->arena, &image->id);
    if (layer->container)
        add_seer(who, layer->container, finding, &containers, &words);
    lt_each (const struct lt_container, container, &layer->containers)
        add_seer(who, container, finding, &containers, &words);
    lt_record_list(record, "images", images);
    lt_record_records(record, "containers", containers);
    lt_record_list(record, "seen_by", words);
    lt_record_root(record, who->ctx->root, lt_owner_runtime(&layer->owner));
    lt_list_add(&who->records, who->arena, record);
}

/* Add what one layer has at the path: an entry, or a whiteout. */
static void search_layer(struct lt_who *who, const struct lt_layer *layer)
{
    struct finding finding = {.layer = layer};
    struct lt_str subject, name = lt_str_basename(who->path);
    struct lt_str parent = {who->path.ptr, who->path.len - name.len};
    if (!layer->content.len)
        return;
    finding.path = lt_str_format(who->arena, "%.*s%.*s", LT_ARG(layer->content), LT_ARG(who->path));
    if (lt_who_look(who, finding.path, &finding.node)) {
        enum lt_meaning meaning = layer->mechanics->meaning(&finding.node, &subject);
        finding.deletes = meaning == LT_WHITEOUT;
        if (meaning == LT_PLAIN || finding.deletes)
            add_finding(who, &finding);
    }
    if (!layer->mechanics->named_marks || !name.len)
        return;
    finding.path = lt_str_format(who->arena, "%.*s%.*s.wh.%.*s", LT_ARG(layer->content), LT_ARG(parent), LT_ARG(name));
    finding.deletes = lt_who_look(who, finding.path, &finding.node) &&
                      layer->mechanics->meaning(&finding.node, &subject) == LT_WHITEOUT;
    if (finding.deletes)
        add_finding(who, &finding);
}

/* Add the file at `path` of the evidence, which `users` mount. */
static void add_mounted(struct lt_who *who, const struct lt_owner *owner, const struct lt_list *users,
                        struct lt_str path)
{
    struct lt_node node;
    struct lt_list containers = {0}, words = {0};
    if (lt_map_get(&who->added, path) || !lt_who_look(who, path, &node))
        return;
    lt_map_put(&who->added, who->arena, path, who);
    bool covered = owner->role == LT_ROLE_VOLUME && owner->volume->device.len; /* the device is mounted over it */
    lt_each (const struct lt_mount_user, user, users) {
        struct lt_mount_view view;
        if (lt_mount_view_of(user, path, who->arena, &view))
            lt_who_add_container(who,
                                 &(struct lt_who_seen){.container = user->container,
                                                       .status = view.over || covered ? "hidden" : "visible",
                                                       .path = view.inside},
                                 &containers, &words);
    }
    struct lt_str inside = lt_mount_view_common(users, path, who->arena);
    struct lt_record *record = lt_who_describe(who, path, &node, owner, inside.len ? inside : path);
    lt_record_records(record, "containers", containers);
    lt_record_list(record, "seen_by", words);
    lt_record_root(record, who->ctx->root, lt_owner_runtime(owner));
    lt_list_add(&who->records, who->arena, record);
}

/* Search the path in each volume, through the places at which containers mount it. */
static void search_volumes(struct lt_who *who, const struct lt_root *root)
{
    lt_each (const struct lt_volume, volume, &root->volumes)
        lt_each (const struct lt_mount_user, user, &volume->users) {
            struct lt_str path;
            if (!user->nowhere && lt_who_behind(who, user, &path))
                add_mounted(who, &volume->owner, &volume->users, path);
        }
}

/* Report what is mounted there but is not in the evidence. */
static void search_elsewhere(struct lt_who *who, const struct lt_root *root)
{
    struct lt_str rest;
    lt_each (const struct lt_container, container, &root->containers)
        lt_each (const struct lt_mount, mount, &container->mounts) {
            const struct lt_volume *volume = lt_volume_elsewhere(container, mount);
            if (!volume || !mount->destination.len || !lt_path_behind(who->path, mount->destination, &rest))
                continue;
            if (!lt_map_get(&who->added, volume->path))
                lt_volume_report_elsewhere(who->ctx, volume);
            lt_map_put(&who->added, who->arena, volume->path, who);
        }
}

/* A path of the host. True if it lies in a layer or volume of this store. */
static bool search_host(struct lt_who *who, const struct lt_root *root, struct lt_str path)
{
    struct lt_str rest;
    lt_each (const struct lt_layer, layer, &root->layers)
        if (layer->content.len && lt_path_behind(path, layer->content, &rest)) {
            struct lt_str subject, name = lt_str_basename(rest);
            struct lt_node node;
            bool there = lt_who_look(who, path, &node);
            bool mark =
                there && layer->mechanics->meaning(&node, &subject) == LT_WHITEOUT && layer->mechanics->named_marks;
            who->path =
                mark ? lt_str_format(who->arena, "%.*s%.*s", (int)(rest.len - name.len), rest.ptr, LT_ARG(subject))
                     : rest;
            search_layer(who, layer);
            return true;
        }
    lt_each (const struct lt_volume, volume, &root->volumes)
        if (lt_path_behind(path, volume->data, &rest)) {
            add_mounted(who, &volume->owner, &volume->users, path);
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
    {"CHANGED", "changed", LT_SHOW_ALL},  {"BORN", "born", LT_SHOW_ALL},
    {"SIZE", "size", LT_SHOW_ALL},        {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"PATH", "path", LT_SHOW_ALL},        {"VOLUME", "volume_name", LT_SHOW_ALL},
    {"SEEN BY", "seen_by", LT_SHOW_ALL},  {"CONTENT", "content", LT_SHOW_KNOWN},
};

/* Search a store. True if the path is one of the host in it. */
static bool search_root(struct lt_who *who, struct lt_root *root, struct lt_str path)
{
    lt_job_enter(who->job, root, "who");
    lt_report_blind(who->ctx);
    if (search_host(who, root, path))
        return true;
    who->path = path;
    lt_each (const struct lt_layer, layer, &root->layers)
        search_layer(who, layer);
    search_volumes(who, root);
    search_elsewhere(who, root);
    return false;
}

static void search(struct lt_who *who)
{
    struct lt_job *job = who->job;
    lt_each (struct lt_host, host, &job->inventory.hosts) {
        bool in_store = false;
        struct lt_str path = LT_STR("");
        lt_each (struct lt_root, root, &host->roots) {
            path = clean(who->arena, job->options->operands[0], root->fs->evidence);
            in_store |= search_root(who, root, path);
        }
        who->path = path;
        if (host->roots.count && !in_store)
            lt_who_binds(who, host);
    }
}

static enum lt_status run_who(struct lt_job *job, struct lt_err *err)
{
    struct lt_who who = {.job = job, .ctx = &job->ctx, .arena = &job->arena, .reader = {.ctx = &job->ctx}};
    uint64_t errors;
    who.status = lt_traces_find(job, LT_TRACES_COUNT, &errors, err);
    who.err = err;
    search(&who);
    if (who.status == LT_OK && (!who.records.count || who.deleted || job->options->verbose))
        who.status = lt_who_freed(&who, job->options->operands[0]);
    job->in_vain = !who.records.count;
    if (job->in_vain && !job->options->quiet)
        lt_who_nothing(&who, job->options->operands[0]);
    lt_lower_end(&who.reader);
    if (who.status != LT_OK)
        return who.status;
    return lt_records_write(job, &who.records, columns, sizeof columns / sizeof *columns, err);
}

const struct lt_command lt_command_who = {
    .name = "who",
    .arguments = "PATH EVIDENCE...",
    .summary = "which layers, volumes and binds hold a path, whose they are, and what containers see there",
    .operands = 1,
    .options = LT_OPTIONS_JSON,
    .run = run_who,
};
