// SPDX-License-Identifier: Apache-2.0
/* The settings of Docker's daemons: the system's, snap's, those of packages of Synology, rootless ones in home
 * directories, and further ones that somebody wrote a unit for.
 *
 * dockerd reads options and daemon.json. It does not start if both set the same, except for lists, or if both names of
 * the data root are used (moby daemon/config/config.go, findConfigurationConflicts, and cmd/dockerd, 1.12 to 28).
 * Synology's packages keep their daemon.json as etc/dockerd.json (Docker, since DSM 7.2 ContainerManager); OpenWrt
 * makes it of /etc/config/dockerd, where the default of data_root is /opt/docker/, unless alt_config_file names another
 * (openwrt/packages utils/dockerd, 2020 to 2025). */
#include "host/claims.h"
#include "host/daemon_json.h"
#include "parse/words.h"

enum { MAX_CLAIMS = 64 }; /* of one daemon */

static const char *const USUAL[] = {
    "/etc/default/docker", "/etc/sysconfig/docker", "/etc/sysconfig/docker-network", "/etc/sysconfig/docker-storage",
    "/etc/conf.d/docker",  "/etc/sv/docker/conf",   "/var/lib/boot2docker/profile",  NULL,
};
static const char *const SCRIPTS[] = {"/etc/init.d/docker",        "/etc/rc.d/rc.docker", "/etc/init/docker.conf",
                                      "/etc/init/docker.override", "/etc/sv/docker/run",  NULL};
static const char *const WORDS[] = {"docker", "moby", "balena", NULL};

static bool is_root_key(struct lt_str key)
{
    return lt_str_eq(key, LT_STR("data-root")) || lt_str_eq(key, LT_STR("graph"));
}

/* Claim what the command line names. */
static void claim_options(struct lt_ctx *ctx, struct lt_claimant *claimant, const struct lt_service *service)
{
    static const struct {
        const char *name;
        char letter;
    } options[] = {{"graph", 'g'}, {"data-root", 0}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct lt_str file, value = lt_service_option(service, options[i].name, options[i].letter, true, &file);
        if (value.len)
            lt_claim_add(ctx, claimant, value,
                         lt_str_format(ctx->scratch, "%s%s", options[i].letter ? "-g or --" : "--", options[i].name),
                         file);
    }
}

/* A claim in force for the same path? */
static bool is_claimed(const struct lt_claimant *claimant, struct lt_str path)
{
    lt_each (const struct lt_claim, claim, &claimant->claims)
        if (lt_claim_is_set(claim) && lt_str_eq(claim->path, path))
            return true;
    return false;
}

/* Does the setting name a place that is not claimed yet? */
static bool is_new(const struct lt_claimant *claimant, const struct lt_setting *setting, struct lt_str path)
{
    return is_root_key(setting->key) && path.len && !lt_str_eq(path, LT_STR("null")) &&
           !(setting->line && is_claimed(claimant, path));
}

/* Claim what configuration files name, and what options that are not in force name. */
static void claim_settings(struct lt_ctx *ctx, struct lt_claimant *claimant, const struct lt_daemon *daemon)
{
    lt_each (const struct lt_setting, setting, &daemon->settings) {
        struct lt_str path = lt_daemon_path(daemon, setting->value);
        if (!is_new(claimant, setting, path))
            continue;
        if (claimant->claims.count == MAX_CLAIMS) {
            lt_skip(ctx, setting->origin->path, LT_CODE_TOO_LARGE, "settings of the data root beyond the first %d",
                    MAX_CLAIMS);
            return;
        }
        struct lt_claim *claim = lt_claim_add(ctx, claimant, path, setting->key, setting->origin->path);
        claim->idle = setting->idle ? setting->idle : setting->line ? "another option overrides it" : NULL;
        claim->doubt = setting->origin->damaged ? "which is damaged" : NULL;
    }
}

/* A variable of the daemon's environment that names a directory in which `below` is. */
static void claim_variable(struct lt_ctx *ctx, struct lt_claimant *claimant, const struct lt_service *service,
                           const char *name, const char *below)
{
    struct lt_str file, value = lt_service_variable(service, name, &file);
    if (value.len)
        lt_claim_add(ctx, claimant,
                     lt_str_format(ctx->scratch, "%.*s%s", LT_ARG(lt_daemon_path(service->daemon, value)), below),
                     lt_str_c(name), file);
}

/* Only one of options, files, and the old and the new name may set it. */
static void doubt_conflict(const struct lt_claimant *claimant)
{
    size_t count = 0;
    lt_each (const struct lt_claim, claim, &claimant->claims)
        count += lt_claim_is_set(claim);
    lt_each (struct lt_claim, claim, &claimant->claims)
        if (count > 1 && lt_claim_is_set(claim))
            claim->doubt = "but it is set more than once, so that dockerd does not start";
}

static struct lt_daemon *add_daemon(struct lt_ctx *ctx, struct lt_host_settings *settings, struct lt_str home)
{
    struct lt_daemon *daemon = lt_new(ctx->run, struct lt_daemon);
    *daemon = (struct lt_daemon){.ctx = ctx, .home = home, .rootless = home.len};
    lt_list_add(&settings->daemons, ctx->run, daemon);
    return daemon;
}

/* Read daemon.json at its usual place, or where an option says. */
static void read_json(const struct lt_service *service, struct lt_str usual)
{
    struct lt_daemon *daemon = service->daemon;
    struct lt_str file, other = lt_service_option(service, "config-file", 0, true, &file);
    bool is_other = lt_str_starts(other, LT_STR("/")) && !lt_str_eq(other, usual);
    if (usual.len)
        lt_daemon_json(daemon, usual, is_other ? "the option --config-file names another" : NULL);
    if (is_other)
        lt_daemon_json(daemon, other, NULL);
}

/* A containerd that dockerd starts itself may have a root of its own (moby 29). */
static void claim_containerd(struct lt_ctx *ctx, struct lt_host_settings *settings, const struct lt_service *service)
{
    struct lt_str file;
    if (lt_service_variable(service, "DOCKER_CONTAINERD_ROOT", &file).len)
        claim_variable(ctx, lt_claimant_add(ctx, settings, "containerd", service->daemon->rootless), service,
                       "DOCKER_CONTAINERD_ROOT", "");
}

/* OpenWrt makes daemon.json of /etc/config/dockerd; a file that this names takes its place. */
static bool read_openwrt(struct lt_ctx *ctx, struct lt_daemon *daemon, struct lt_claimant *claimant)
{
    const struct lt_str file = LT_STR("/etc/config/dockerd");
    if (!lt_daemon_uci(daemon, file))
        return false;
    struct lt_str other = lt_daemon_value(daemon, "alt-config-file");
    struct lt_node node;
    if (other.len && lt_stat_or_skip(ctx, other, &node) == LT_OK) {
        lt_each (struct lt_setting, setting, &daemon->settings)
            setting->idle = "alt_config_file names another file";
        lt_daemon_json(daemon, other, NULL);
    } else if (!lt_daemon_value(daemon, "data-root").len) {
        lt_claim_add(ctx, claimant, LT_STR("/opt/docker"), LT_STR("the default of data_root"), file);
    }
    return true;
}

/* Returns the claims of the system's daemon if no unit starts it, else NULL. */
static struct lt_claimant *read_system(struct lt_ctx *ctx, struct lt_host_settings *settings)
{
    struct lt_daemon *daemon = add_daemon(ctx, settings, LT_STR(""));
    struct lt_service service = {.daemon = daemon};
    struct lt_claimant *claimant = lt_claimant_add(ctx, settings, "docker", false);
    lt_claim_add(ctx, claimant, LT_STR("/var/lib/docker"), LT_STR("the default"), LT_STR(""));
    lt_service_read(&service, &(struct lt_service_place){lt_system_units, LT_STR("docker"), USUAL, SCRIPTS});
    if (!read_openwrt(ctx, daemon, claimant))
        read_json(&service, LT_STR("/etc/docker/daemon.json"));
    claim_options(ctx, claimant, &service);
    claim_settings(ctx, claimant, daemon);
    doubt_conflict(claimant);
    claim_containerd(ctx, settings, &service);
    return service.unit.found ? NULL : claimant;
}

/* Do the words start a daemon: dockerd, or before 1.12 `docker daemon` and `docker -d`? */
static bool runs_docker(const struct lt_list *words)
{
    lt_each (const struct lt_str, word, words) {
        struct lt_str name = lt_str_basename(*word), next = LT_STR("");
        if (word_at + 1 < words->count)
            next = *(const struct lt_str *)words->items[word_at + 1];
        bool old = lt_str_starts(name, LT_STR("docker")) &&
                   (lt_str_eq(next, LT_STR("daemon")) || lt_str_eq(next, LT_STR("-d")));
        if (old || lt_str_starts(name, LT_STR("dockerd")) || lt_str_eq(name, LT_STR("balenad")))
            return true;
    }
    return false;
}

/* Read a unit that starts a dockerd. `claimant` is to have its claims; NULL: one of its own. */
static void read_other_unit(struct lt_ctx *ctx, struct lt_host_settings *settings, struct lt_str name,
                            struct lt_claimant *claimant)
{
    struct lt_daemon *daemon = add_daemon(ctx, settings, LT_STR(""));
    struct lt_service service = {.daemon = daemon};
    claimant = claimant ? claimant : lt_claimant_add(ctx, settings, "docker", false);
    lt_service_read(&service, &(struct lt_service_place){lt_system_units, name, NULL, NULL});
    read_json(&service, LT_STR(""));
    claim_options(ctx, claimant, &service);
    claim_settings(ctx, claimant, daemon);
}

/* Does a unit of the system start a dockerd, besides docker.service? */
static bool is_other_unit(struct lt_ctx *ctx, struct lt_str name)
{
    struct lt_arena arena = {0};
    struct lt_list words = {0};
    if (!lt_str_eq(name, LT_STR("docker")))
        words = lt_unit_words(ctx, name, &arena);
    bool runs = runs_docker(&words);
    lt_arena_free(&arena);
    return runs;
}

/* Further units of the system that start a dockerd, each with a store of its own. Without a docker.service the first of
 * them is the system's daemon, whose claims are given. */
static void read_other_units(struct lt_ctx *ctx, struct lt_host_settings *settings, struct lt_claimant *system)
{
    struct lt_list names = lt_unit_names(ctx, WORDS, ".service");
    lt_each (const struct lt_str, name, &names) {
        if (!is_other_unit(ctx, *name))
            continue;
        read_other_unit(ctx, settings, *name, system);
        system = NULL;
    }
}

/* Daemons that a daemon.json alone configures. */
static void read_packages(struct lt_ctx *ctx, struct lt_host_settings *settings)
{
    static const struct {
        const char *file, *root;
    } packages[] = {
        {"/var/snap/docker/current/config/daemon.json", "/var/snap/docker/common/var-lib-docker"},
        {"/var/packages/Docker/etc/dockerd.json", NULL},
        {"/var/packages/ContainerManager/etc/dockerd.json", NULL},
    };
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        struct lt_daemon *daemon = add_daemon(ctx, settings, LT_STR(""));
        struct lt_claimant *claimant = lt_claimant_add(ctx, settings, "docker", false);
        if (packages[i].root)
            lt_claim_add(ctx, claimant, lt_str_c(packages[i].root), LT_STR("snap"), LT_STR(""));
        lt_daemon_json(daemon, lt_str_c(packages[i].file), NULL);
        claim_settings(ctx, claimant, daemon);
    }
}

/* A rootless daemon (docs.docker.com/engine/security/rootless; moby pkg/homedir, GetDataHome). */
static void read_home(struct lt_ctx *ctx, struct lt_host_settings *settings, struct lt_str home)
{
    struct lt_daemon *daemon = add_daemon(ctx, settings, home);
    struct lt_service service = {.daemon = daemon};
    struct lt_claimant *claimant = lt_claimant_add(ctx, settings, "docker", true);
    lt_claim_add(ctx, claimant, lt_path_join(ctx->scratch, home, LT_STR(".local/share/docker")), LT_STR("rootless"),
                 LT_STR(""));
    lt_service_read(&service, &(struct lt_service_place){lt_user_units, LT_STR("docker"), NULL, NULL});
    read_json(&service, lt_path_join(ctx->scratch, home, LT_STR(".config/docker/daemon.json")));
    claim_options(ctx, claimant, &service);
    claim_settings(ctx, claimant, daemon);
    doubt_conflict(claimant);
    if (claimant->claims.count == 1)
        claim_variable(ctx, claimant, &service, "XDG_DATA_HOME", "/docker");
    claim_containerd(ctx, settings, &service);
}

void lt_settings_of_docker(struct lt_ctx *ctx, struct lt_host_settings *settings)
{
    read_other_units(ctx, settings, read_system(ctx, settings));
    read_packages(ctx, settings);
    lt_each (const struct lt_str, home, &settings->homes)
        read_home(ctx, settings, *home);
}
