// SPDX-License-Identifier: Apache-2.0
/* Binds over the stores of daemons. Where a bind could be shown (read/hosts.c), the daemon's own path leads to the
 * store. Where files lie below it, these are read as well, and this says which of the two was in use. */
#include "host/claims.h"
#include "host/host_settings.h"

/* The claims that hold a store as far as settings say: those in force, or else the default. */
static bool holds_store(const struct lt_claimant *claimant, const struct lt_claim *claim)
{
    lt_each (const struct lt_claim, other, &claimant->claims)
        if (lt_claim_is_set(other))
            return lt_claim_is_set(claim);
    return !claim->file.len;
}

/* The last bind that hides what is at the path, and the rest of the path. NULL: none does. */
static const struct lt_placed *find_cover(const struct lt_ctx *ctx, struct lt_str path, struct lt_str *rest)
{
    const struct lt_placed *cover = NULL;
    struct lt_str behind;
    lt_each (const struct lt_placed, placed, &ctx->host->placed)
        if (placed->bind && placed->there && !lt_str_eq(placed->device, placed->at) &&
            lt_path_behind(path, placed->at, &behind)) {
            cover = placed;
            *rest = behind;
        }
    return cover;
}

/* If a bind mount hides what is at the claimed path, claim the place of what is seen there instead. */
static void cover_claim(struct lt_ctx *ctx, struct lt_claimant *claimant, struct lt_claim *claim)
{
    struct lt_str rest = LT_STR("");
    const struct lt_placed *cover = find_cover(ctx, claim->path, &rest);
    if (!cover)
        return;
    claim->idle = "a bind mount hides it";
    struct lt_claim *there =
        lt_claim_add(ctx, claimant, lt_str_format(ctx->scratch, "%.*s%.*s", LT_ARG(cover->device), LT_ARG(rest)),
                     lt_str_format(ctx->scratch, "bind over %.*s", LT_ARG(cover->at)), cover->from);
    there->reported = rest.len && !claim->file.len; /* nothing says that this daemon is there at all */
}

void lt_settings_of_mounts(struct lt_ctx *ctx, struct lt_host_settings *settings)
{
    lt_each (struct lt_claimant, claimant, &settings->claimants) {
        size_t count = claimant->claims.count;
        for (size_t i = 0; i < count; i++)
            if (holds_store(claimant, claimant->claims.items[i]))
                cover_claim(ctx, claimant, claimant->claims.items[i]);
    }
}
