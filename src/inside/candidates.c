// SPDX-License-Identifier: Apache-2.0
#include "inside/inner_logs.h"

static bool is_log_name(struct lt_str name)
{
    return lt_str_eq(name, LT_STR("log")) || lt_str_eq(name, LT_STR("logs"));
}

/* Is there a directory of that name on the way to an entry of `dir`, as the container sees it? */
static bool is_in_log_directory(const struct lt_dir *dir)
{
    for (; dir; dir = dir->parent) {
        struct lt_str way = dir->placed ? dir->place : dir->parent ? dir->name : LT_STR("");
        while (way.len)
            if (is_log_name(lt_str_cut(&way, '/')))
                return true;
        if (dir->placed)
            return false;
    }
    return false;
}

/* Does the host itself keep histories and logs there? */
static bool is_of_host(struct lt_str source)
{
    static const char *const own[] = {"", "/var", "/var/log", "/root", "/home", "/etc", "/usr"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (lt_str_eq(source, lt_str_c(own[i])))
            return true;
    return lt_str_eq(lt_str_dirname(source), LT_STR("/home"));
}

/* May a program in a container have written there? */
static bool is_inside(const struct lt_owner *owner)
{
    if (owner->bind)
        return !is_of_host(owner->bind->source);
    return owner->role == LT_ROLE_RW || owner->role == LT_ROLE_IMAGE || owner->role == LT_ROLE_VOLUME;
}

struct lt_inner_log *lt_inner_log_note(struct lt_ctx *ctx, const struct lt_event *event)
{
    const struct lt_node *node = event->node;
    if (!S_ISREG(node->mode) || !node->size || node->unallocated || ctx->reading->names_only ||
        !is_inside(event->owner))
        return NULL;
    enum lt_applog_name name = lt_applog_judge(node->name);
    if (name == LT_APPLOG_NO_NAME && !is_in_log_directory(event->dir))
        return NULL;
    struct lt_inner_log *log = lt_new(ctx->run, struct lt_inner_log);
    struct lt_buf path = {0};
    lt_event_path(&path, event);
    *log = (struct lt_inner_log){.fs = ctx->fs,
                                 .owner = event->owner,
                                 .written = node->time[LT_M],
                                 .changed = node->time[LT_C],
                                 .tags = event->tags & (LT_TAG_BIT(bind) | LT_TAG_BIT(owner_inferred)),
                                 .history = name == LT_APPLOG_HISTORY_NAME};
    log->path = lt_str_dup(ctx->run, lt_buf_view(&path));
    path.len = 0;
    lt_event_inside(&path, event);
    log->inside = lt_str_dup(ctx->run, lt_buf_view(&path));
    lt_list_add(&ctx->host->inner_logs, ctx->run, log);
    lt_buf_free(&path);
    return log;
}
