// SPDX-License-Identifier: Apache-2.0
#include "clock/zone_claims.h"

#include "clock/zone_rules.h"
#include "parse/envfile.h"
#include "parse/uci.h"

enum { MAX_FILE = 65536 };

/* Files of one line, and variables of files that init scripts source. */
static const char *const plain[] = {
    "/etc/timezone", /* Debian, Gentoo, Alpine */
    "/etc/TZ",       /* uClibc and OpenWrt: a POSIX zone */
};
static const struct {
    const char *path, *name;
} variables[] = {
    {"/etc/sysconfig/clock", "ZONE"},     /* Red Hat until 6 */
    {"/etc/sysconfig/clock", "TIMEZONE"}, /* SUSE */
    {"/etc/conf.d/clock", "TIMEZONE"},    /* Gentoo until OpenRC */
    {"/etc/rc.conf", "TIMEZONE"},         /* Arch until systemd */
};
enum { PLAIN = sizeof plain / sizeof *plain, VARIABLES = sizeof variables / sizeof *variables };

/* Names may be written with blanks: "America/New York". A rule may be given with the name. */
static void add_claim(struct lt_ctx *ctx, struct lt_str name, struct lt_str rule, const char *by,
                      struct lt_list *claims)
{
    struct lt_zone_info *claim = lt_new(ctx->run, struct lt_zone_info);
    struct lt_buf text = {0};
    for (size_t i = 0; i < name.len; i++)
        lt_buf_char(&text, (char)(name.ptr[i] == ' ' ? '_' : name.ptr[i]));
    claim->name = lt_str_dup(ctx->run, lt_buf_view(&text));
    claim->from = lt_str_c(by);
    lt_buf_free(&text);
    if (!lt_zone_by_name(ctx, claim->name, claim) && rule.len)
        claim->known = lt_zone_posix(lt_str_dup(ctx->run, rule), &claim->rules);
    lt_list_add(claims, ctx->run, claim);
}

static struct lt_str read_file(struct lt_ctx *ctx, const char *path)
{
    struct lt_str real, text;
    return lt_follow_or_skip(ctx, lt_str_c(path), MAX_FILE, &real, &text) == LT_OK ? text : LT_STR("");
}

static void by_variable(struct lt_ctx *ctx, const char *path, const char *name, struct lt_list *claims)
{
    struct lt_env_text text = {.rest = read_file(ctx, path)};
    struct lt_env_line line;
    struct lt_str value = LT_STR("");
    for (enum lt_status status; (status = lt_env_next(&text, ctx->scratch, &line)) != LT_END;)
        if (status == LT_OK && lt_str_eq(line.name, lt_str_c(name)))
            value = lt_str_trim(line.value);
    if (value.len)
        add_claim(ctx, value, LT_STR(""), path, claims);
}

/* OpenWrt writes /etc/TZ and /etc/localtime, in memory, from this file at boot. */
static void by_uci(struct lt_ctx *ctx, struct lt_list *claims)
{
    static const char path[] = "/etc/config/system";
    struct lt_str name = LT_STR(""), rule = LT_STR("");
    struct lt_uci_option option;
    for (struct lt_uci uci = {.rest = read_file(ctx, path)}; lt_uci_next(&uci, ctx->scratch, &option);) {
        if (!lt_str_eq(option.section, LT_STR("system")))
            continue;
        if (lt_str_eq(option.key, LT_STR("zonename")))
            name = option.value;
        else if (lt_str_eq(option.key, LT_STR("timezone")))
            rule = option.value;
    }
    if (name.len || rule.len)
        add_claim(ctx, name.len ? name : rule, rule, path, claims);
}

void lt_zone_claims(struct lt_ctx *ctx, struct lt_list *claims)
{
    for (size_t i = 0; i < PLAIN; i++) {
        struct lt_str text = read_file(ctx, plain[i]);
        struct lt_str name = lt_str_trim(lt_str_cut(&text, '\n'));
        if (name.len)
            add_claim(ctx, name, LT_STR(""), plain[i], claims);
    }
    for (size_t i = 0; i < VARIABLES; i++)
        by_variable(ctx, variables[i].path, variables[i].name, claims);
    by_uci(ctx, claims);
}
