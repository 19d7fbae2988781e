// SPDX-License-Identifier: Apache-2.0
#include "read/collected.h"

#include "model/runtime.h"

#include <string.h>

enum { MOST_FILES = 256, LATER = 60 /* seconds */ };

/* A drive: "C", "C:", or "C%3A" where the collector packed it. */
static bool is_drive(struct lt_str name)
{
    struct lt_str rest = lt_str_skip(name, name.len ? 1 : 0);
    return name.len && name.ptr[0] >= 'A' && name.ptr[0] <= 'Z' &&
           (!rest.len || lt_str_eq(rest, LT_STR(":")) || lt_str_eq(rest, LT_STR("%3A")));
}

/* Does the path lead through a directory in which a collector puts its copies? `first`: it begins at the top of the
 * evidence. */
static bool is_collectors(struct lt_str path, bool first)
{
    struct lt_str before = LT_STR("");
    for (bool at_top = first; path.len; at_top = at_top && !before.len) {
        struct lt_str name = lt_str_cut(&path, '/');
        if (!name.len)
            continue;
        if (lt_str_eq(name, LT_STR("[root]")) || lt_str_eq(before, LT_STR("uploads")) || (at_top && is_drive(name)) ||
            (lt_str_eq(before, LT_STR("fs")) && lt_str_eq(name, LT_STR("os"))))
            return true;
        before = name;
    }
    return false;
}

static bool has_collectors_file(struct lt_ctx *ctx)
{
    static const char *const names[] = {"uac.log", "uploads.json", "collection_context.json"};
    struct lt_fs *top = ctx->host->root_part ? ctx->host->root_part : ctx->fs;
    struct lt_node node;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct lt_str path = lt_path_join(ctx->scratch, LT_STR(""), lt_str_c(names[i]));
        if (lt_fs_stat(top, path, ctx->scratch, &node, NULL) == LT_OK)
            return true;
    }
    return false;
}

/* How many of the files in a directory were born later than they were changed, and how many were not. */
static void compare_times(const struct lt_listing *listing, size_t *later, size_t *others)
{
    for (size_t i = 0; i < listing->count; i++) {
        const struct lt_node *node = &listing->nodes[i];
        if (!S_ISREG(node->mode) || !node->time[LT_B].set || !node->time[LT_M].set)
            continue;
        bool is_later = node->time[LT_B].sec > node->time[LT_M].sec + LATER;
        *later += is_later;
        *others += !is_later;
    }
}

/* Is it a part of a store, and were all files of its containers born later than they were changed? A daemon makes its
 * files anew when it changes them, or appends to them. */
static bool is_copied_part(struct lt_ctx *ctx, const struct lt_root *root)
{
    struct lt_listing top, containers, files;
    struct lt_str path = lt_path_join(ctx->scratch, root->path, LT_STR("containers"));
    size_t later = 0, others = 0;
    lt_fs_list(ctx->fs, root->path, ctx->scratch, &top, NULL);
    for (size_t i = 0; i < top.count; i++)
        if (S_ISDIR(top.nodes[i].mode) && !lt_str_eq(top.nodes[i].name, LT_STR("containers")))
            return false;
    lt_fs_list(ctx->fs, path, ctx->scratch, &containers, NULL);
    for (size_t i = 0; i < containers.count && later + others < MOST_FILES; i++) {
        lt_fs_list(ctx->fs, lt_path_join(ctx->scratch, path, containers.nodes[i].name), ctx->scratch, &files, NULL);
        compare_times(&files, &later, &others);
    }
    return later && !others;
}

bool lt_is_collected(struct lt_ctx *ctx, const struct lt_root *root)
{
    const struct lt_evidence *evidence = root->part->evidence;
    if (strcmp(evidence->kind->name, "directory") != 0)
        return false; /* its file system was not made of copies */
    return is_collectors(lt_str_c(evidence->spec), false) || is_collectors(ctx->host->within, true) ||
           is_collectors(root->path, !ctx->host->within.len) || has_collectors_file(ctx) || is_copied_part(ctx, root);
}
