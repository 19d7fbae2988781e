// SPDX-License-Identifier: Apache-2.0
#include "host/claims.h"

enum { MAX_UNITS = 256 }; /* of a kind that are looked into */

struct lt_claimant *lt_claimant_add(struct lt_ctx *ctx, struct lt_host_settings *settings, const char *runtime,
                                    bool rootless)
{
    struct lt_claimant *claimant = lt_new(ctx->run, struct lt_claimant);
    *claimant = (struct lt_claimant){.runtime = runtime, .rootless = rootless};
    lt_list_add(&settings->claimants, ctx->run, claimant);
    return claimant;
}

struct lt_claim *lt_claim_add(struct lt_ctx *ctx, struct lt_claimant *claimant, struct lt_str path, struct lt_str key,
                              struct lt_str file)
{
    struct lt_claim *claim = lt_new(ctx->run, struct lt_claim);
    while (path.len > 1 && lt_str_ends(path, LT_STR("/")))
        path.len--;
    *claim = (struct lt_claim){.path = path, .key = key, .file = file};
    lt_list_add(&claimant->claims, ctx->run, claim);
    return claim;
}

static bool has_word(struct lt_str name, const char *const *words)
{
    for (; words && *words; words++)
        if (memmem(name.ptr, name.len, *words, strlen(*words)))
            return true;
    return !words;
}

/* Add the units of a directory that are not known yet; returns how many there are beyond the cap. */
static size_t add_units(struct lt_ctx *ctx, struct lt_str path, const char *const *words, struct lt_str suffix,
                        struct lt_list *names)
{
    struct lt_listing listing;
    size_t more = 0;
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name;
        if (!lt_str_ends(name, suffix) || !has_word(name, words))
            continue;
        name.len -= suffix.len;
        if (lt_list_has_str(names, name))
            continue;
        if (names->count < MAX_UNITS)
            lt_list_add_str(names, ctx->scratch, name);
        else
            more++;
    }
    return more;
}

struct lt_list lt_unit_names(struct lt_ctx *ctx, const char *const *words, const char *suffix)
{
    struct lt_list names = {0};
    struct lt_map known = {0};
    for (const char *const *directory = lt_system_units; *directory; directory++) {
        struct lt_str path;
        if (lt_resolve_or_skip(ctx, lt_str_c(*directory), &path) != LT_OK || lt_map_get(&known, path))
            continue;
        lt_map_put(&known, ctx->scratch, path, ctx);
        size_t more = add_units(ctx, path, words, lt_str_c(suffix), &names);
        if (more)
            lt_skip(ctx, path, LT_CODE_TOO_LARGE, "%zu units (*%s) beyond the first %d", more, suffix, MAX_UNITS);
    }
    return names;
}

struct lt_list lt_unit_words(const struct lt_ctx *ctx, struct lt_str name, struct lt_arena *arena)
{
    struct lt_report nobody = {.quiet = true};
    struct lt_ctx there = *ctx;
    struct lt_daemon daemon = {.ctx = &there};
    struct lt_service service = {.daemon = &daemon};
    there.report = &nobody;
    there.scratch = arena;
    lt_service_read(&service, &(struct lt_service_place){lt_system_units, name, NULL, NULL});
    struct lt_list words = lt_service_words(&service);
    lt_report_free(&nobody);
    return words;
}
