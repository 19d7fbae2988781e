// SPDX-License-Identifier: Apache-2.0
/* Files: every entry of every layer, of the containers' own directories and of the volumes, with its four times.
 * Whiteouts become deletions as well. */
#include "source.h"

#include "../evidence/lister.h"
#include "../evidence/walk.h"
#include "../store/store.h"
#include "../tamper.h"

/* A whiteout whose change and birth lie this close together was made by one deletion; measured on kernel 6.18: rules in
 * linux fs/overlayfs/dir.c, ovl_whiteout(). */
static const int64_t EXACT_WITHIN = 50000000;

static void seen(void *arg, size_t count)
{
    lt_seen(arg, count);
}

static void failed(void *arg, struct lt_str path, const struct lt_err *problem, size_t count)
{
    struct lt_ctx *ctx = arg;
    lt_skip_error(ctx, path, problem);
    /* An entry announced as seen is already in the account. */
    lt_report_counts(ctx->report, ctx->reader)->seen -= count;
}

/* When was the name deleted that this whiteout hides?
 *
 * In an rw layer, since Linux 5.8, all whiteouts of one mount are links to one inode: its mtime and birth are the first
 * deletion, its ctime is the last change to any of them. So the time is exact only when these agree; else the deletion
 * lies between them. In an image layer the file system tells when the layer was unpacked here: the deletion was before
 * that. */
static void set_deletion_time(struct lt_event *event, const struct lt_node *node, enum lt_role role)
{
    struct lt_time first = node->time[LT_M], last = node->time[LT_C];
    struct lt_time birth = node->time[LT_B].set ? node->time[LT_B] : first;
    if (role == LT_ROLE_IMAGE) {
        event->time[0] = event->last = birth;
        return;
    }
    if (lt_time_cmp(first, last) > 0) {
        first = last;
        last = node->time[LT_M];
    }
    event->time[0] = first;
    int64_t spread = lt_time_diff(birth, last);
    if (spread >= -EXACT_WITHIN && spread <= EXACT_WITHIN)
        return;
    event->first = first;
    event->last = last;
}

static enum lt_status emit_deletion(struct lt_ctx *ctx, const struct lt_event *file, struct lt_str subject,
                                    struct lt_err *err)
{
    struct lt_event event = *file;
    struct lt_buf inside = {0};
    event.kind = LT_KIND_DELETED;
    event.change = LT_CHANGE_DELETED;
    lt_dir_inside(&inside, file->dir);
    lt_buf_char(&inside, '/');
    lt_buf_add(&inside, subject);
    event.inside = lt_buf_view(&inside);
    memset(event.time, 0, sizeof event.time);
    set_deletion_time(&event, file->node, file->owner->role);
    enum lt_status status = lt_emit_one(ctx, &event, err);
    lt_buf_free(&inside);
    return status;
}

/* A deleted entry: its last times, as far as the inode still tells them, and its deletion. Without a time of that, it
 * was before its directory changed for the last time. */
static enum lt_status emit_unallocated(struct lt_ctx *ctx, struct lt_event *event, struct lt_err *err)
{
    const struct lt_node *node = event->node;
    struct lt_time bound = event->dir->changed;
    enum lt_status status = LT_OK;
    bool times = node->mode, ended = node->deleted.set || bound.set;
    event->tags |= LT_TAG_BIT(unallocated);
    if (times || !ended)
        status = lt_emit(ctx, event, err);
    if (status != LT_OK || !ended)
        return status;
    event->kind = LT_KIND_DELETED;
    event->change = event->owner->layer ? LT_CHANGE_DELETED : LT_CHANGE_NONE;
    memset(event->time, 0, sizeof event->time);
    event->time[0] = node->deleted.set ? node->deleted : bound;
    if (!node->deleted.set)
        event->last = bound;
    return times ? lt_emit_one(ctx, event, err) : lt_emit(ctx, event, err);
}

/* The entry of a directory that holds one container or volume each belongs to that one. */
static const struct lt_owner *owner_below(const struct lt_root *root, const struct lt_dir *dir, struct lt_str name)
{
    if (dir->depth || dir->owner->role != LT_ROLE_HOST || !name.len)
        return dir->owner;
    const struct lt_container *container = lt_map_get(&root->container_by_id, name);
    const struct lt_volume *volume = lt_map_get(&root->volume_by_name, name);
    if (container && lt_str_starts(container->path, dir->name) && container->path.len)
        return &container->owner;
    return volume && lt_str_starts(volume->path, dir->name) ? &volume->owner : dir->owner;
}

/* Where the containers see the files of a volume: at one place, if all mount it there; else at none in particular. */
static struct lt_str mount_point(const struct lt_volume *volume)
{
    struct lt_str place = LT_STR("");
    lt_each (struct lt_volume_user, user, &volume->users) {
        if (place.len && !lt_str_eq(user->destination, place))
            return LT_STR("");
        place = user->destination;
    }
    return place;
}

/* Is this <root>/volumes/<name>/_data? */
static bool is_volume_data(const struct lt_owner *owner, unsigned depth, struct lt_str name)
{
    return owner->volume && depth == 1 && lt_str_eq(name, LT_STR("_data"));
}

static enum lt_status entry(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err)
{
    struct lt_ctx *ctx = arg;
    struct lt_event event = {
        .kind = LT_KIND_FILE,
        .owner = owner_below(ctx->root, dir, node->name),
        .dir = dir,
        .node = node,
    };
    memcpy(event.time, node->time, sizeof event.time);
    if (is_volume_data(event.owner, dir->depth, node->name))
        event.inside = mount_point(event.owner->volume);
    if (node->unallocated)
        return emit_unallocated(ctx, &event, err);
    const struct lt_layer *layer = event.owner->layer;
    struct lt_str subject;
    bool whiteout = layer && layer->store->meaning(node, &subject) == LT_WHITEOUT;
    if (whiteout)
        event.tags |= LT_TAG_BIT(whiteout);
    if (layer)
        lt_tamper_check(ctx->tamper, &event, whiteout ? subject : LT_STR(""));
    enum lt_status status = lt_emit(ctx, &event, err);
    return status == LT_OK && whiteout ? emit_deletion(ctx, &event, subject, err) : status;
}

/* A directory below containers/ or volumes/ passes its owner on, a volume's _data its place in the containers too. */
static void enter(void *arg, const struct lt_dir *parent, struct lt_dir *child)
{
    const struct lt_ctx *ctx = arg;
    child->owner = owner_below(ctx->root, parent, child->name);
    struct lt_str place =
        is_volume_data(child->owner, parent->depth, child->name) ? mount_point(child->owner->volume) : LT_STR("");
    if (!place.len)
        return;
    child->place = lt_str_eq(place, LT_STR("/")) ? LT_STR("") : place;
    child->placed = child->has_inside = true;
}

static enum lt_status walk(struct lt_ctx *ctx, struct lt_lister *lister, struct lt_str path,
                           const struct lt_owner *owner, bool cross_mounts, struct lt_err *err)
{
    struct lt_dir *top = lt_new(ctx->run, struct lt_dir);
    *top = (struct lt_dir){.name = path, .owner = owner, .placed = owner->layer, .has_inside = owner->layer};
    struct lt_walk walk = {
        .fs = ctx->root->fs,
        .run = ctx->run,
        .lister = lister,
        .cross_mounts = cross_mounts,
        .arg = ctx,
        .seen = seen,
        .entry = entry,
        .failed = failed,
        .enter = owner->layer ? NULL : enter,
    };
    enum lt_status status = lt_walk(&walk, top, err);
    if (status == LT_END && owner->layer)
        lt_skip(ctx, path, LT_CODE_MISSING, "the layer's tree of files is missing");
    return status == LT_END ? LT_OK : status;
}

struct orphan_job {
    struct lt_ctx *ctx;
    const struct lt_dir *dir;
};

static enum lt_status orphan(void *arg, const struct lt_node *node, struct lt_err *err)
{
    const struct orphan_job *job = arg;
    lt_seen(job->ctx, 1);
    return entry(job->ctx, job->dir, node, err);
}

/* Deleted files that no directory walked so far names: once for each file system, as in a directory of the name that
 * The Sleuth Kit gave it. Nothing tells whose they were. */
static enum lt_status orphans(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_fs *fs = ctx->root->fs;
    struct lt_err problem = {0};
    struct lt_dir *dir = lt_new(ctx->run, struct lt_dir);
    struct orphan_job job = {ctx, dir};
    const struct lt_root *last = NULL;
    lt_each (const struct lt_root, root, &ctx->inventory->roots)
        last = root->fs == fs ? root : last;
    if (last != ctx->root)
        return LT_OK; /* only then are all names known */
    *dir = (struct lt_dir){.name = LT_STR("/$OrphanFiles"), .owner = &ctx->root->owner, .unallocated = true};
    dir->path_len = dir->name.len;
    lt_dir_keep(dir, ctx->run);
    enum lt_status status = fs->ops->orphans ? fs->ops->orphans(fs, orphan, &job, &problem) : LT_OK;
    if (status == LT_FATAL)
        *err = problem;
    else if (problem.set)
        lt_skip_error(ctx, dir->name, &problem);
    return status == LT_FATAL ? LT_FATAL : LT_OK;
}

static enum lt_status walk_all(struct lt_ctx *ctx, struct lt_lister *lister, struct lt_err *err)
{
    const struct lt_owner *host = &ctx->root->owner;
    lt_each (struct lt_layer, layer, &ctx->root->layers) {
        enum lt_status status = LT_OK;
        lt_tamper_begin(ctx->tamper, layer);
        if (layer->content.len)
            status = walk(ctx, lister, layer->content, &layer->owner, false, err);
        if (status == LT_OK)
            status = lt_tamper_end(ctx->tamper, err);
        if (status != LT_OK)
            return status;
    }
    /* On a live host a container's /dev/shm and secrets are mounted below its directory. A volume may be anything, even
     * the whole host: what is mounted there is not read twice. */
    enum lt_status status = walk(ctx, lister, lt_root_path(ctx, "containers"), host, true, err);
    return status == LT_OK ? walk(ctx, lister, lt_root_path(ctx, "volumes"), host, false, err) : status;
}

static enum lt_status files_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_lister *lister = lt_lister_new(ctx->threads);
    ctx->tamper = lt_tamper_new(ctx);
    enum lt_status status = walk_all(ctx, lister, err);
    lt_tamper_free(ctx->tamper);
    lt_lister_free(lister);
    return status == LT_OK ? orphans(ctx, err) : status;
}

const struct lt_source lt_source_files = {
    .name = "files",
    .summary = "every entry of layers, container directories and volumes: M, A, C, B; whiteouts as deletions",
    .events = files_events,
};
