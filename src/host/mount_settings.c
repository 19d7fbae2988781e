// SPDX-License-Identifier: Apache-2.0
/* Bind mounts that put another directory in the place of a store: /etc/fstab (man 5 fstab; util-linux libmount), and
 * units of systemd (man 5 systemd.mount). The store is then in that other directory. What lies at the path itself was
 * there before. */
#include "host/claims.h"

enum { MAX_FSTAB = 1024 * 1024 };

/* Cut a field off a line of fstab, with its octal escapes decoded into `arena`. */
static struct lt_str cut_field(struct lt_arena *arena, struct lt_str *line)
{
    struct lt_buf text = {0};
    *line = lt_str_trim(*line);
    while (line->len && line->ptr[0] != ' ' && line->ptr[0] != '\t') {
        const char *at = line->ptr;
        bool escaped = line->len > 3 && at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' &&
                       at[3] >= '0' && at[3] <= '7';
        lt_buf_char(&text, escaped ? (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + at[3] - '0') : at[0]);
        *line = lt_str_skip(*line, escaped ? 4 : 1);
    }
    struct lt_str field = lt_str_dup(arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return field;
}

static bool is_bind(struct lt_str options)
{
    while (options.len) {
        struct lt_str option = lt_str_cut(&options, ',');
        if (lt_str_eq(option, LT_STR("bind")) || lt_str_eq(option, LT_STR("rbind")))
            return true;
    }
    return false;
}

/* A bind mount: where the contents of `target` are, and the file that says so. */
struct bind {
    struct lt_str source, target, file;
};

static void add_bind(struct lt_ctx *ctx, struct lt_list *binds, struct bind bind)
{
    struct bind *kept = lt_new(ctx->scratch, struct bind);
    while (lt_str_ends(bind.source, LT_STR("/")))
        bind.source.len--;
    while (lt_str_ends(bind.target, LT_STR("/")))
        bind.target.len--;
    if (!lt_str_starts(bind.source, LT_STR("/")) || !bind.target.len || lt_str_eq(bind.source, bind.target))
        return;
    *kept = bind;
    lt_list_add(binds, ctx->scratch, kept);
}

static void read_fstab(struct lt_ctx *ctx, struct lt_list *binds)
{
    struct lt_str file, text;
    if (lt_resolve_or_skip(ctx, LT_STR("/etc/fstab"), &file) != LT_OK ||
        lt_read_or_skip(ctx, file, MAX_FSTAB, LT_OPTIONAL, &text) != LT_OK)
        return;
    while (text.len) {
        struct lt_str line = lt_str_trim(lt_str_cut(&text, '\n'));
        if (lt_str_starts(line, LT_STR("#")))
            continue;
        struct lt_str source = cut_field(ctx->scratch, &line), target = cut_field(ctx->scratch, &line);
        cut_field(ctx->scratch, &line); /* its type */
        if (is_bind(cut_field(ctx->scratch, &line)))
            add_bind(ctx, binds, (struct bind){source, target, file});
    }
}

/* The value of a key of a mount unit that is in force; `*file` is where it is set. */
static struct lt_str value_of(const struct lt_unit *unit, const char *key, struct lt_str *file)
{
    struct lt_str value = LT_STR("");
    lt_each (const struct lt_unit_setting, setting, &unit->settings)
        if (!setting->idle && lt_str_eq(setting->section, LT_STR("Mount")) && lt_str_eq(setting->key, lt_str_c(key))) {
            value = setting->value;
            *file = setting->origin->path;
        }
    return value;
}

static void read_units(struct lt_ctx *ctx, struct lt_list *binds)
{
    struct lt_list names = lt_unit_names(ctx, NULL, ".mount");
    lt_each (const struct lt_str, name, &names) {
        struct lt_report nobody = {.quiet = true}; /* of units that are none of ours nothing is said */
        struct lt_ctx there = *ctx;
        struct lt_daemon daemon = {.ctx = &there};
        struct lt_unit unit;
        struct lt_str file = LT_STR("");
        there.report = &nobody;
        lt_daemon_unit(&daemon, lt_system_units, LT_STR(""),
                       lt_str_format(ctx->scratch, "%.*s.mount", LT_ARG(*name)).ptr, &unit);
        struct lt_str source = value_of(&unit, "What", &file), target = value_of(&unit, "Where", &file);
        if (!unit.masked && is_bind(value_of(&unit, "Options", &file)))
            add_bind(ctx, binds, (struct bind){source, target, file});
        lt_report_free(&nobody);
    }
}

/* The claims that hold a store as far as settings say: those in force, or else the default. */
static bool holds_store(const struct lt_claimant *claimant, const struct lt_claim *claim)
{
    lt_each (const struct lt_claim, other, &claimant->claims)
        if (other->file.len && !other->idle)
            return claim->file.len && !claim->idle;
    return !claim->file.len;
}

/* If a bind mount hides what is at the claimed path, claim the place of what is seen there instead. */
static void cover_claim(struct lt_ctx *ctx, struct lt_claimant *claimant, struct lt_claim *claim,
                        const struct lt_list *binds)
{
    const struct bind *cover = NULL;
    struct lt_str rest = LT_STR(""), behind;
    lt_each (const struct bind, bind, binds)
        if (lt_path_behind(claim->path, bind->target, &behind)) {
            cover = bind;
            rest = behind;
        }
    if (!cover)
        return;
    claim->idle = "a bind mount hides it";
    struct lt_claim *there =
        lt_claim_add(ctx, claimant, lt_str_format(ctx->scratch, "%.*s%.*s", LT_ARG(cover->source), LT_ARG(rest)),
                     lt_str_format(ctx->scratch, "bind over %.*s", LT_ARG(cover->target)), cover->file);
    there->reported = rest.len && !claim->file.len; /* nothing says that this daemon is there at all */
}

void lt_settings_of_mounts(struct lt_ctx *ctx, struct lt_host_settings *settings)
{
    struct lt_list binds = {0};
    read_units(ctx, &binds);
    read_fstab(ctx, &binds);
    lt_each (struct lt_claimant, claimant, &settings->claimants) {
        size_t count = binds.count ? claimant->claims.count : 0;
        for (size_t i = 0; i < count; i++)
            if (holds_store(claimant, claimant->claims.items[i]))
                cover_claim(ctx, claimant, claimant->claims.items[i], &binds);
    }
}
