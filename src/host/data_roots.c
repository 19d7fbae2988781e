// SPDX-License-Identifier: Apache-2.0
#include "host/data_roots.h"

#include "host/host_settings.h"

/* How a claim was made, for people: "data-root in /etc/docker/daemon.json". */
static struct lt_str who_says(struct lt_arena *arena, const struct lt_claim *claim)
{
    if (!claim->file.len)
        return claim->key;
    return lt_str_format(arena, "%.*s in %.*s%s%s", LT_ARG(claim->key), LT_ARG(claim->file), claim->doubt ? ", " : "",
                         claim->doubt ? claim->doubt : "");
}

static void report_missing(struct lt_ctx *ctx, const struct lt_claimant *claimant, struct lt_claim *claim)
{
    static const struct {
        const char *runtime, *store;
    } words[] = {
        {"docker", "Docker data root"}, {"containerd", "root of containerd"}, {"kubernetes", "kubelet's directory"}};
    claim->reported = true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].runtime, claimant->runtime) == 0)
            lt_skip(ctx, claim->file, LT_CODE_MISSING, "%.*s: no %s at '%.*s' in this evidence", LT_ARG(claim->key),
                    words[i].store, LT_ARG(claim->path));
}

static void try_claim(const struct lt_discovery *discovery, const struct lt_claimant *claimant, struct lt_claim *claim)
{
    struct lt_discovery there = *discovery;
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_str why = who_says(ctx->scratch, claim);
    there.rootless = claimant->rootless;
    if (claimant->rootless && !claim->file.len)
        there.looked = NULL; /* as many as there are homes */
    if (claim->idle && claim->file.len)
        why = lt_str_format(ctx->scratch, "%.*s, not in force: %s", LT_ARG(why), claim->idle);
    if (lt_fs_resolve(ctx->fs, claim->path, ctx->run, &claim->real, NULL) != LT_OK)
        claim->real = LT_STR("");
    bool found = lt_discover_try(&there, claim->path, why);
    /* With several file systems, another one may be mounted there: see lt_data_roots_judge(). */
    if (!found && lt_claim_is_set(claim) && !claim->reported && ctx->host->mounts.count == 1)
        report_missing(ctx, claimant, claim);
}

void lt_data_roots_try(struct lt_discovery *discovery, const char *runtime)
{
    const struct lt_host_settings *settings = lt_host_settings_of(discovery->ctx);
    lt_each (const struct lt_claimant, claimant, &settings->claimants)
        lt_each (struct lt_claim, claim, &claimant->claims)
            if (strcmp(claimant->runtime, runtime) == 0)
                try_claim(discovery, claimant, claim);
}

/* Is the store the directory itself, or one that its daemon keeps in it: for a user namespace, or a containerd of its
 * own? */
static bool is_of(struct lt_str path, struct lt_str directory)
{
    const struct lt_str own = LT_STR("/containerd/daemon");
    struct lt_str rest;
    if (!lt_path_behind(path, directory, &rest))
        return false;
    if (lt_str_ends(rest, own))
        rest.len -= own.len;
    return !lt_str_dirname(rest).len;
}

/* The mount point of the store's file system, "" if it is unknown. */
static struct lt_str mounted_at(const struct lt_root *root)
{
    lt_each (const struct lt_mount_point, mount, &root->host->mounts)
        if (mount->fs == root->fs)
            return mount->at;
    return LT_STR("");
}

/* Is this the store that is claimed? Where it lies on another file system whose mount point is unknown, the end of the
 * path tells. */
static bool is_claimed(const struct lt_ctx *ctx, const struct lt_root *root, const struct lt_host_settings *settings,
                       const struct lt_claim *claim)
{
    struct lt_str at = mounted_at(root), end = claim->path;
    if (root->fs == settings->fs)
        return claim->real.len && is_of(root->path, claim->real);
    if (at.len > 1)
        return is_of(lt_str_format(ctx->scratch, "%.*s%.*s", LT_ARG(at), LT_ARG(root->path)), end);
    if (at.len)
        return is_of(root->path, end);
    while (end.len && !is_of(root->path, end)) {
        const char *slash = memchr(end.ptr + 1, '/', end.len - 1);
        end = lt_str_skip(end, slash ? (size_t)(slash - end.ptr) : end.len);
    }
    return end.len || !root->path.len;
}

static const struct lt_root *store_of(const struct lt_ctx *ctx, const struct lt_host_settings *settings,
                                      const struct lt_claim *claim)
{
    lt_each (const struct lt_root, root, &ctx->host->roots)
        if (is_claimed(ctx, root, settings, claim))
            return root;
    return NULL;
}

/* A claim that is in force: of several, one that has a store. NULL: no setting names a place. */
static struct lt_claim *setting_in_force(const struct lt_ctx *ctx, const struct lt_host_settings *settings,
                                         const struct lt_claimant *claimant)
{
    struct lt_claim *found = NULL;
    lt_each (struct lt_claim, claim, &claimant->claims)
        if (lt_claim_is_set(claim) && (!found || store_of(ctx, settings, claim)))
            found = claim;
    return found;
}

static void say_in_force(struct lt_ctx *ctx, const struct lt_host_settings *settings,
                         const struct lt_claimant *claimant)
{
    const struct lt_claim *setting = setting_in_force(ctx, settings, claimant);
    lt_each (const struct lt_claim, claim, &claimant->claims) {
        bool in_force = setting ? lt_claim_is_set(claim) : ctx->host->etc == ctx->fs && !claim->file.len;
        lt_each (struct lt_root, root, &ctx->host->roots)
            if (in_force && !root->settings.len && is_claimed(ctx, root, settings, claim))
                root->settings = lt_str_format(ctx->run, "in force: %.*s%s", LT_ARG(who_says(ctx->scratch, claim)),
                                               setting ? "" : ", as no setting names another place");
    }
}

static void say_left_behind(struct lt_ctx *ctx, const struct lt_host_settings *settings,
                            const struct lt_claimant *claimant)
{
    const struct lt_claim *setting = setting_in_force(ctx, settings, claimant);
    bool exists = setting && store_of(ctx, settings, setting);
    lt_each (const struct lt_claim, claim, &claimant->claims)
        lt_each (struct lt_root, root, &ctx->host->roots) {
            if ((!setting && !claim->idle) || root->settings.len || !is_claimed(ctx, root, settings, claim))
                continue;
            root->abandoned = exists;
            if (setting)
                root->settings = lt_str_format(ctx->run, "%s: %.*s says %.*s%s", exists ? "abandoned" : "in doubt",
                                               LT_ARG(who_says(ctx->scratch, setting)), LT_ARG(setting->path),
                                               exists ? "" : ", where no store is");
            else
                root->settings = lt_str_format(ctx->run, "not in force: %s", claim->idle);
        }
}

static void report_unfound(struct lt_ctx *ctx, const struct lt_host_settings *settings,
                           const struct lt_claimant *claimant)
{
    lt_each (struct lt_claim, claim, &claimant->claims)
        if (lt_claim_is_set(claim) && !claim->reported && !store_of(ctx, settings, claim))
            report_missing(ctx, claimant, claim);
}

void lt_data_roots_judge(struct lt_ctx *ctx)
{
    const struct lt_host_settings *settings = lt_host_settings_of(ctx);
    lt_each (const struct lt_claimant, claimant, &settings->claimants)
        say_in_force(ctx, settings, claimant);
    lt_each (const struct lt_claimant, claimant, &settings->claimants) {
        say_left_behind(ctx, settings, claimant);
        report_unfound(ctx, settings, claimant);
    }
}
