// SPDX-License-Identifier: Apache-2.0
/* The marks of overlay file systems on the entries of a layer. */
#include "overlay/lower_stack.h"
#include "store/mechanics.h"

#include <errno.h>

void lt_xattrs_or_skip(struct lt_ctx *ctx, const struct lt_dir *dir, const struct lt_node *node, struct lt_arena *arena,
                       struct lt_list *out)
{
    struct lt_fs *fs = ctx->fs;
    struct lt_err problem = {0};
    if (!fs->ops->xattrs || fs->ops->xattrs(fs, dir, node, arena, out, &problem) == LT_OK)
        return;
    lt_skip_entry(ctx, dir, node, &problem);
}

struct lt_overlay_marks lt_marks_in(const struct lt_layer *layer, const struct lt_list *xattrs)
{
    struct lt_overlay_marks marks = {0};
    enum lt_overlay_names names = layer->mechanics->named_marks ? LT_OVERLAY_FUSE
                                  : layer->root->rootless       ? LT_OVERLAY_USER
                                                                : LT_OVERLAY_TRUSTED;
    lt_each (struct lt_xattr, xattr, xattrs)
        lt_overlay_mark(&marks, names, xattr->name, xattr->value);
    return marks;
}

struct lt_overlay_marks lt_marks_of(struct lt_ctx *ctx, const struct lt_layer *layer, const struct lt_dir *dir,
                                    const struct lt_node *node, struct lt_arena *arena)
{
    struct lt_list xattrs = {0};
    if (!layer->mechanics->xattrs)
        return (struct lt_overlay_marks){0};
    lt_xattrs_or_skip(ctx, dir, node, arena, &xattrs);
    return lt_marks_in(layer, &xattrs);
}

void lt_report_blind(struct lt_ctx *ctx)
{
    const struct lt_fs *fs = ctx->root->part;
    bool needed = false;
    lt_each (const struct lt_layer, layer, &ctx->root->layers)
        needed |= layer->role == LT_ROLE_RW && layer->mechanics->xattrs;
    struct lt_err problem = {0};
    if (!needed || ctx->root->rootless || (fs->ops->xattrs && !fs->no_trusted))
        return;
    lt_fail(&problem, LT_SKIP, LT_CODE_UNREADABLE, 0,
            "the attributes trusted.overlay.* cannot be read%s: opaque directories and renames are not told",
            fs->no_trusted ? " without CAP_SYS_ADMIN" : "");
    const bool quiet = ctx->report->quiet, denied = fs->no_trusted && lt_is_denied(EPERM);
    ctx->report->denied.attributes |= denied;
    ctx->report->quiet |= denied; /* the last line of the run says it */
    lt_skip_error(ctx, ctx->root->path, &problem);
    ctx->report->quiet = quiet;
}
