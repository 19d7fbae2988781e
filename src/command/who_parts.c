// SPDX-License-Identifier: Apache-2.0
#include "command/who.h"
#include "overlay/mount_views.h"
#include "run/job.h"

/* The mount that covers `path` in the container, in words; "" if none does. */
static struct lt_str mount_over(struct lt_who *who, const struct lt_container *container, struct lt_str path)
{
    struct lt_buf label = {0};
    const struct lt_mount *mount = lt_mount_over(container, path);
    if (mount)
        lt_mount_label(&label, mount);
    struct lt_str text = lt_str_dup(who->arena, lt_buf_view(&label));
    lt_buf_free(&label);
    return text;
}

void lt_who_add_container(struct lt_who *who, const struct lt_who_seen *seen, struct lt_list *containers,
                          struct lt_list *words)
{
    const struct lt_container *container = seen->container;
    struct lt_record *record = lt_record_new(who->arena);
    const struct lt_str *label = lt_record_label(who->arena, &container->owner);
    lt_record_name(record, "container_identifier", container->id);
    lt_record_name(record, "container_name", container->name);
    lt_record_name(record, "pod_name", container->pod_name);
    lt_record_name(record, "pod_namespace", container->pod_namespace);
    lt_record_text(record, "status", lt_str_c(seen->status));
    lt_record_name(record, "mounted_over", mount_over(who, container, seen->path));
    if (seen->could_write)
        lt_record_bool(record, "could_write", true);
    lt_list_add(containers, who->arena, record);
    lt_list_add_str(
        words, who->arena,
        lt_str_format(who->arena, "%.*s %s%s", LT_ARG(*label), seen->status, seen->could_write ? ", could write" : ""));
}

struct lt_record *lt_who_describe(struct lt_who *who, struct lt_str path, const struct lt_node *node,
                                  const struct lt_owner *owner, struct lt_str inside)
{
    struct lt_record *record = lt_record_new(who->arena);
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
    lt_record_time(record, "changed", node->time[LT_C]);
    lt_record_time(record, "born", node->time[LT_B]);
    return record;
}

bool lt_who_look(struct lt_who *who, struct lt_str path, struct lt_node *node)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(who->ctx->fs, path, who->arena, node, &problem);
    if (status == LT_SKIP)
        lt_skip_error(who->ctx, path, &problem);
    return status != LT_END && node->mode;
}

bool lt_who_behind(struct lt_who *who, const struct lt_mount_user *user, struct lt_str *path)
{
    struct lt_str rest, at = user->mount->destination;
    if (!at.len || !lt_path_behind(who->path, at, &rest))
        return false;
    *path = lt_str_format(who->arena, "%.*s%.*s", LT_ARG(user->source), LT_ARG(rest));
    return true;
}
