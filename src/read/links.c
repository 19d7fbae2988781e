// SPDX-License-Identifier: Apache-2.0
#include "read/links.h"

#include "evidence/mounted.h"
#include "model/runtime.h"
#include "read/hosts.h"

struct job {
    struct lt_ctx *ctx;
    struct lt_root *root;
};

static void report_dangling(struct lt_ctx *ctx, struct lt_str path, struct lt_str target)
{
    bool absolute = lt_str_starts(target, LT_STR("/"));
    struct lt_str place = absolute ? target : lt_path_join(ctx->scratch, lt_str_dirname(path), target);
    const struct lt_placed *missing = lt_host_missing(ctx->host, place);
    if (missing)
        lt_skip(ctx, path, LT_CODE_MISSING,
                "symbolic link to %.*s, which is not in the evidence: %.*s is mounted at %.*s", LT_ARG(target),
                LT_ARG(missing->device), LT_ARG(missing->at));
    else
        lt_skip(ctx, path, LT_CODE_MISSING, "symbolic link to %.*s, which is not in the evidence", LT_ARG(target));
}

static void keep(const struct job *job, struct lt_str path, const struct lt_node *node, struct lt_str real)
{
    struct lt_arena *run = job->ctx->run;
    struct lt_link *link = lt_new(run, struct lt_link);
    *link = (struct lt_link){
        .directory = lt_str_dup(run, lt_str_dirname(path)), .node = *node, .leads_to = lt_str_dup(run, real)};
    link->node.name = lt_str_dup(run, node->name);
    link->node.target = lt_str_dup(run, node->target);
    lt_list_add(&job->root->links, run, link);
}

static void follow(const struct job *job, struct lt_str path, const struct lt_node *node)
{
    struct lt_ctx *ctx = job->ctx;
    struct lt_str real, inner, rest;
    struct lt_node there;
    enum lt_status status = lt_resolve_or_skip(ctx, path, &real);
    if (status == LT_END)
        report_dangling(ctx, path, node->target);
    if (status != LT_OK)
        return;
    if (lt_path_behind(path, real, &rest)) {
        lt_skip(ctx, path, LT_CODE_CYCLE, "symbolic link to %.*s, a directory that it is in: not followed",
                LT_ARG(node->target));
        return;
    }
    if (lt_stat_or_skip(ctx, real, &there) != LT_OK || !(S_ISDIR(there.mode) || S_ISREG(there.mode)))
        return;
    keep(job, path, node, real);
    struct lt_fs *part = lt_mounted_part(ctx->fs, real, ctx->scratch, &inner);
    lt_mounted_add(ctx->fs, path, part, inner, LT_MOUNTED_LINK);
}

static void expand(const struct job *job, struct lt_str path, struct lt_str pattern);

/* Only the end of a pattern is followed: the pattern of its parent comes before, and has made a directory of a link. */
static void look_at(const struct job *job, struct lt_str path, const struct lt_node *node, struct lt_str rest)
{
    if (rest.len && S_ISDIR(node->mode))
        expand(job, path, rest);
    else if (!rest.len && S_ISLNK(node->mode))
        follow(job, path, node);
}

/* Look at what of a pattern is below the directory at `path`. What cannot be read is reported by those who read it. */
static void expand(const struct job *job, struct lt_str path, struct lt_str pattern)
{
    struct lt_ctx *ctx = job->ctx;
    struct lt_str name = lt_str_cut(&pattern, '/');
    struct lt_listing listing;
    struct lt_node node;
    if (!lt_str_eq(name, LT_STR("*"))) {
        path = lt_path_join(ctx->scratch, path, name);
        if (lt_fs_stat(ctx->fs, path, ctx->scratch, &node, NULL) == LT_OK)
            look_at(job, path, &node, pattern);
        return;
    }
    if (lt_fs_list(ctx->fs, path, ctx->scratch, &listing, NULL) == LT_END)
        return;
    for (size_t i = 0; i < listing.count; i++)
        look_at(job, lt_path_join(ctx->scratch, path, listing.nodes[i].name), &listing.nodes[i], pattern);
}

void lt_links_follow(struct lt_ctx *ctx, struct lt_root *root)
{
    struct lt_arena scratch = {
        0}; /* there may be many layers, and whoever searches keeps what it has in ctx->scratch */
    struct lt_ctx there = lt_ctx_at(ctx, root);
    const struct job job = {&there, root};
    there.scratch = &scratch;
    for (const char *const *part = root->runtime->parts; part && *part; part++)
        expand(&job, root->path, lt_str_c(*part));
    lt_arena_free(&scratch);
}
