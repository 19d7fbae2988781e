// SPDX-License-Identifier: Apache-2.0
/* Bind mounts that put another directory in the place of a store: /etc/fstab (man 5 fstab; util-linux libmount), and
 * units of systemd (man 5 systemd.mount; their names: systemd src/basic/unit-name.c, unit_name_path_escape). The store
 * is then in that other directory. What lies at the path itself was there before. */
#include "host/host_settings.h"

enum { MAX_FSTAB = 1024 * 1024, MAX_UNIT_NAME = 255 };

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

/* A bind mount that hides a path: where its contents are, and the file that says so. */
struct cover {
    struct lt_str path, file;
    bool above; /* it is mounted over a directory in which the path is */
};

static void look_in_fstab(struct lt_ctx *ctx, struct lt_str path, struct cover *out)
{
    struct lt_str file, text, rest;
    if (lt_resolve_or_skip(ctx, LT_STR("/etc/fstab"), &file) != LT_OK ||
        lt_read_or_skip(ctx, file, MAX_FSTAB, LT_OPTIONAL, &text) != LT_OK)
        return;
    while (text.len) {
        struct lt_str line = lt_str_trim(lt_str_cut(&text, '\n'));
        if (lt_str_starts(line, LT_STR("#")))
            continue;
        struct lt_str source = cut_field(ctx->scratch, &line), target = cut_field(ctx->scratch, &line);
        cut_field(ctx->scratch, &line);
        if (lt_str_starts(source, LT_STR("/")) && target.len > 1 && is_bind(cut_field(ctx->scratch, &line)) &&
            lt_path_behind(path, target, &rest))
            *out =
                (struct cover){lt_str_format(ctx->scratch, "%.*s%.*s", LT_ARG(source), LT_ARG(rest)), file, rest.len};
    }
}

/* The name of the unit that mounts at `path`. */
static struct lt_str unit_name(struct lt_arena *arena, struct lt_str path)
{
    struct lt_buf name = {0};
    path = lt_str_skip(path, 1);
    for (size_t i = 0; i < path.len; i++) {
        char byte = path.ptr[i];
        bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                     byte == ':' || byte == '_' || (byte == '.' && i);
        if (plain || byte == '/')
            lt_buf_char(&name, plain ? byte : '-');
        else
            lt_buf_printf(&name, "\\x%02x", (unsigned char)byte);
    }
    lt_buf_lit(&name, ".mount");
    struct lt_str kept = lt_str_dup(arena, lt_buf_view(&name));
    lt_buf_free(&name);
    return kept;
}

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

static void look_in_unit(struct lt_ctx *ctx, struct lt_str path, struct lt_str target, struct cover *out)
{
    struct lt_daemon daemon = {.ctx = ctx};
    struct lt_unit unit;
    struct lt_str name = unit_name(ctx->scratch, target), rest, file;
    if (name.len > MAX_UNIT_NAME)
        return;
    lt_daemon_unit(&daemon, lt_system_units, LT_STR(""), name.ptr, &unit);
    struct lt_str source = value_of(&unit, "What", &file);
    if (!unit.masked && is_bind(value_of(&unit, "Options", &file)) && lt_path_behind(path, target, &rest))
        *out = (struct cover){lt_str_format(ctx->scratch, "%.*s%.*s", LT_ARG(source), LT_ARG(rest)), file, rest.len};
}

/* The claims that hold a store as far as settings say: those in force, or else the default. */
static bool holds_store(const struct lt_claimant *claimant, const struct lt_claim *claim)
{
    lt_each (const struct lt_claim, other, &claimant->claims)
        if (other->file.len && !other->idle)
            return claim->file.len && !claim->idle;
    return !claim->file.len;
}

static void cover_claim(struct lt_ctx *ctx, struct lt_claimant *claimant, struct lt_claim *claim)
{
    struct cover cover = {0};
    for (struct lt_str target = claim->path; target.len; target = lt_str_dirname(target))
        look_in_unit(ctx, claim->path, target, &cover);
    look_in_fstab(ctx, claim->path, &cover);
    if (!cover.path.len)
        return;
    claim->idle = "a bind mount hides it";
    struct lt_claim *there = lt_claim_add(
        ctx, claimant, cover.path, lt_str_format(ctx->scratch, "bind over %.*s", LT_ARG(claim->path)), cover.file);
    there->reported = cover.above && !claim->file.len; /* nothing says that this daemon is there at all */
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
