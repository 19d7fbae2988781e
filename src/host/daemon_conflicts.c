// SPDX-License-Identifier: Apache-2.0
#include "host/daemon_conflicts.h"

#include "parse/json.h"

/* Members that are an option each, although they are objects (flatOptions). */
static bool is_option(struct lt_str name)
{
    static const char *const whole[] = {
        "builder", "cluster-store-opts", "default-network-opts", "default-ulimits", "features", "log-opts", "runtimes"};
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (lt_str_eq(name, lt_str_c(whole[i])))
            return true;
    return false;
}

/* The only option that is merged (skipDuplicates). */
static bool may_be_both(struct lt_str name)
{
    return lt_str_eq(name, LT_STR("runtimes"));
}

static void add_option(struct lt_daemon *daemon, struct lt_origin *origin, struct lt_str name)
{
    if (lt_str_eq(name, LT_STR("host-gateway-ip"))) /* until 28; now an alias (migratedNamedConfig) */
        name = LT_STR("host-gateway-ips");
    if (!may_be_both(name))
        lt_list_add_str(&origin->options, daemon->ctx->scratch, lt_str_dup(daemon->ctx->scratch, name));
}

void lt_origin_options(struct lt_daemon *daemon, struct lt_origin *origin, const struct json_t *json)
{
    struct lt_str name, inner;
    const struct json_t *value, *ignored;
    for (void *iter = NULL; lt_json_next(json, &iter, &name, &value);) {
        if (!lt_json_is_object(value) || is_option(name)) {
            add_option(daemon, origin, name);
            continue;
        }
        for (void *at = NULL; lt_json_next(value, &at, &inner, &ignored);)
            add_option(daemon, origin, inner);
    }
}

/* The daemon.json in force that sets this option; NULL: none does. */
static const struct lt_origin *file_with(const struct lt_daemon *daemon, struct lt_str option)
{
    lt_each (const struct lt_origin, origin, &daemon->origins)
        if (!origin->idle && !origin->damaged && lt_list_has_str(&origin->options, option))
            return origin;
    return NULL;
}

/* The option of a setting in daemon.json: "proxies.http-proxy" is http-proxy, "log-opts.max-size" is log-opts. */
static struct lt_str option_of(const struct lt_setting *setting)
{
    struct lt_str rest = setting->key, first = lt_str_cut(&rest, '.');
    return rest.len && !is_option(first) ? lt_str_cut(&rest, '.') : first;
}

static void clash(struct lt_daemon *daemon, struct lt_setting *setting, const struct lt_origin *other)
{
    setting->clash = other;
    setting->idle =
        lt_str_format(daemon->ctx->scratch, "dockerd refuses to start, since %.*s is set as a flag and in %.*s",
                      LT_ARG(option_of(setting)), LT_ARG(setting->flag ? other->path : setting->origin->path))
            .ptr;
}

void lt_daemon_find_conflicts(struct lt_daemon *daemon)
{
    lt_each (struct lt_setting, setting, &daemon->settings) {
        const struct lt_origin *file = setting->flag && !setting->idle ? file_with(daemon, setting->key) : NULL;
        if (!file)
            continue;
        lt_each (struct lt_setting, twin, &daemon->settings)
            if (twin->origin == file && !twin->idle && lt_str_eq(option_of(twin), setting->key))
                clash(daemon, twin, setting->origin);
        clash(daemon, setting, file);
    }
}
