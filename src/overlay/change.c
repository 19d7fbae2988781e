// SPDX-License-Identifier: Apache-2.0
#include "overlay/change.h"

#include "store/mechanics.h"

enum { MOST_COMPARED = 16 * 1024 * 1024, PIECE = 64 * 1024 };

static const struct lt_str CAPABILITY = {"security.capability", sizeof("security.capability") - 1};

/* Is the time earlier than the birth of its inode? Then a process set it. */
static bool is_older(struct lt_time time, struct lt_time birth)
{
    return time.set && birth.set && lt_time_cmp(time, birth) < 0;
}

static enum lt_status open_entry(struct lt_ctx *ctx, const struct lt_dir *dir, const struct lt_node *node,
                                 struct lt_file *out)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_file_open_entry(ctx->fs, dir, node, out, &problem);
    if (status == LT_SKIP)
        lt_skip_entry(ctx, dir, node, &problem);
    return status;
}

/* LT_OK: equal. LT_END: different. LT_SKIP: one cannot be read. */
static enum lt_status compare_files(struct lt_file *a, struct lt_file *b, struct lt_err *err)
{
    char left[PIECE], right[PIECE];
    for (uint64_t at = 0; at < a->size;) {
        ssize_t got = lt_file_read(a, left, sizeof left, at, err);
        ssize_t other = lt_file_read(b, right, sizeof right, at, err);
        if (got <= 0 || other <= 0)
            return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "ends before its size");
        if (got != other || memcmp(left, right, (size_t)got) != 0)
            return LT_END;
        at += (uint64_t)got;
    }
    return LT_OK;
}

static enum lt_status compare_contents(struct lt_ctx *ctx, const struct lt_upper *upper, const struct lt_lower *lower)
{
    struct lt_file a = {0}, b = {0};
    struct lt_err problem = {0};
    enum lt_status status = open_entry(ctx, upper->dir, upper->node, &a);
    if (status == LT_OK)
        status = open_entry(ctx, lower->dir, &lower->node, &b);
    if (status == LT_OK)
        status = a.size == b.size ? compare_files(&a, &b, &problem) : LT_END;
    else
        status = LT_SKIP;
    if (problem.set)
        lt_skip_entry(ctx, upper->dir, upper->node, &problem);
    lt_file_close(&a);
    lt_file_close(&b);
    return status;
}

static bool same_contents(struct lt_ctx *ctx, const struct lt_upper *upper, const struct lt_lower *lower)
{
    const struct lt_node *node = upper->node;
    bool same = lt_time_same(node->time[LT_M], lower->node.time[LT_M]);
    if (!S_ISREG(node->mode) || upper->marks.metacopy)
        return true;
    if (node->size != lower->node.size)
        return false;
    if (!node->size)
        return true;
    /* A whole copy has as many files as its image: comparing them all would take too long, so equal times must do. */
    if (node->size > MOST_COMPARED || (upper->layer->mechanics->whole_rw && same))
        return same;
    enum lt_status status = compare_contents(ctx, upper, lower);
    return status == LT_SKIP ? same : status == LT_OK;
}

/* The next attribute from `*at` on that is not overlay's own. */
static const struct lt_xattr *next_xattr(const struct lt_list *list, size_t *at)
{
    while (*at < list->count) {
        const struct lt_xattr *xattr = list->items[(*at)++];
        if (!lt_overlay_is_mark(xattr->name))
            return xattr;
    }
    return NULL;
}

/* Are all attributes equal? Both lists are sorted. `*capability` is set if security.capability differs. */
static bool same_xattrs(struct lt_ctx *ctx, const struct lt_upper *upper, const struct lt_lower *lower,
                        bool *capability)
{
    struct lt_arena arena = {0};
    struct lt_list ours = {0}, theirs = {0};
    size_t left = 0, right = 0;
    bool same = true;
    if (upper->layer->mechanics->whole_rw)
        return true; /* a whole copy has all attributes, and reading them again would take long */
    lt_xattrs_or_skip(ctx, upper->dir, upper->node, &arena, &ours);
    lt_xattrs_or_skip(ctx, lower->dir, &lower->node, &arena, &theirs);
    const struct lt_xattr *a = next_xattr(&ours, &left), *b = next_xattr(&theirs, &right);
    while (a || b) {
        int order = !a ? 1 : !b ? -1 : lt_str_cmp(a->name, b->name);
        if (order != 0 || !lt_str_eq(a->value, b->value)) {
            *capability |= lt_str_eq(order > 0 ? b->name : a->name, CAPABILITY);
            same = false;
        }
        a = order <= 0 ? next_xattr(&ours, &left) : a;
        b = order >= 0 ? next_xattr(&theirs, &right) : b;
    }
    lt_arena_free(&arena);
    return same;
}

static bool same_metadata(struct lt_ctx *ctx, const struct lt_upper *upper, const struct lt_lower *lower,
                          struct lt_hidden *hidden)
{
    const struct lt_node *a = upper->node, *b = &lower->node;
    bool same_attributes = same_xattrs(ctx, upper, lower, &hidden->capability);
    return same_attributes && a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
           (S_ISDIR(a->mode) || lt_time_same(a->time[LT_M], b->time[LT_M]));
}

/* Is it a new file under the old name? A copy-up leaves its origin, except for a lower file with several names (linux
 * fs/overlayfs/copy_up.c: ovl_copy_up_one, without an index). */
static bool is_new_inode(const struct lt_upper *upper, const struct lt_lower *lower)
{
    const struct lt_node *node = upper->node;
    if ((node->mode & S_IFMT) != (lower->node.mode & S_IFMT))
        return true;
    if (S_ISDIR(node->mode))
        return false;
    if (upper->marks.has_origin)
        return upper->marks.origin && upper->marks.origin != lower->node.ino;
    return upper->fresh || (upper->marked && lower->node.nlink <= 1);
}

enum lt_change lt_change_of(struct lt_ctx *ctx, const struct lt_upper *upper, const struct lt_lower *lower,
                            struct lt_hidden *hidden)
{
    const struct lt_node *node = upper->node;
    if (S_ISDIR(node->mode) && (upper->marks.opaque || upper->fresh))
        return S_ISDIR(lower->node.mode) ? LT_CHANGE_OPAQUE : LT_CHANGE_REPLACED;
    if (is_new_inode(upper, lower)) {
        if ((node->mode & S_IFMT) == (lower->node.mode & S_IFMT))
            same_xattrs(ctx, upper, lower, &hidden->capability);
        return LT_CHANGE_REPLACED;
    }
    bool metadata = same_metadata(ctx, upper, lower, hidden);
    if (!same_contents(ctx, upper, lower))
        return LT_CHANGE_MODIFIED;
    if (!metadata)
        return LT_CHANGE_METADATA;
    if (S_ISDIR(node->mode) && !lt_time_same(node->time[LT_M], lower->node.time[LT_M]))
        return is_older(node->time[LT_M], node->time[LT_B]) ? LT_CHANGE_METADATA : LT_CHANGE_MODIFIED;
    return upper->layer->mechanics->whole_rw ? LT_CHANGE_NONE : LT_CHANGE_COPIED_UP;
}

struct lt_hidden lt_hidden_of(const struct lt_lower *lower)
{
    const struct lt_node *node = &lower->node;
    return (struct lt_hidden){
        .layer = lower->layer,
        .ino = node->ino,
        .size = node->size,
        .mode = node->mode,
        .uid = node->uid,
        .gid = node->gid,
        .major = node->major,
        .minor = node->minor,
        .modified = node->time[LT_M],
    };
}

bool lt_was_copied_up(const struct lt_upper *upper, enum lt_change change)
{
    if (upper->layer->mechanics->whole_rw)
        return false;
    if (upper->marks.has_origin)
        return true;
    return change == LT_CHANGE_COPIED_UP || change == LT_CHANGE_METADATA || change == LT_CHANGE_MODIFIED;
}

bool lt_contents_differ(struct lt_ctx *ctx, const struct lt_upper *upper, const struct lt_lower *lower)
{
    if (upper->node->size != lower->node.size)
        return true;
    return upper->node->size <= MOST_COMPARED && compare_contents(ctx, upper, lower) == LT_END;
}

/* Layers of an image have whole seconds only. A time without a fraction equals any time in its second. */
static bool same_time(struct lt_time a, struct lt_time b)
{
    return a.set && b.set && a.sec == b.sec && (a.nsec == b.nsec || !a.nsec || !b.nsec);
}

bool lt_runtime_differs(const struct lt_node *node, const struct lt_hidden *lower)
{
    if (node->mode != lower->mode || node->uid != lower->uid || node->gid != lower->gid || lower->capability ||
        node->major != lower->major || node->minor != lower->minor)
        return true;
    return !S_ISDIR(node->mode) && (!same_time(node->time[LT_M], lower->modified) || node->size != lower->size);
}
