// SPDX-License-Identifier: Apache-2.0
/* The settings of containerd, of the kubelet, and of the distributions of Kubernetes that run both of their own.
 *
 * An option --root overrides config.toml. Of this, files that `imports` names override the one that names them
 * (containerd cmd/containerd/server/config/config.go, LoadConfig, 1.3 to 2.2). k3s and rke2 keep it in
 * <data-dir>/agent/containerd; options come after those of /etc/rancher/NAME/config.yaml and config.yaml.d, so that
 * they override them (k3s pkg/configfilearg, 1.20 to 1.33). k0s keeps it in <data-dir>/containerd, beside the kubelet's
 * directory (k0s pkg/component/worker/containerd.go, 1.33). */
#include "host/claims.h"
#include "parse/tomlkeys.h"
#include "parse/words.h"
#include "parse/yamllines.h"

#include <fnmatch.h>

enum { MAX_CONFIG = 1024 * 1024, MAX_IMPORTS = 64, MAX_ARGUMENTS = 4096 };

static const char *const WORDS[] = {"containerd", "k3s", "rke2", "k0s", NULL};
static const char *const USUAL[] = {"/etc/default/containerd", "/etc/sysconfig/containerd", "/etc/conf.d/containerd",
                                    NULL};
static const char *const SCRIPTS[] = {"/etc/init.d/containerd", "/etc/sv/containerd/run", NULL};

/* --- config.toml -------------------------------------------------------------------------------------------------- */

/* Files may import each other, and each is read once. */
static void add_file(struct lt_ctx *ctx, struct lt_list *files, struct lt_str path)
{
    if (!lt_list_has_str(files, path))
        lt_list_add_str(files, ctx->scratch, path);
}

/* Add the files that an item of `imports` names; a relative one is beside the file that names it. */
static void add_import(struct lt_ctx *ctx, struct lt_list *files, struct lt_str parent, struct lt_str import)
{
    struct lt_str path =
        lt_str_starts(import, LT_STR("/")) ? import : lt_path_join(ctx->scratch, lt_str_dirname(parent), import);
    struct lt_str directory = lt_str_dirname(path), pattern = lt_str_dup(ctx->scratch, lt_str_basename(path)), real;
    struct lt_listing listing = {0};
    if (!memchr(pattern.ptr, '*', pattern.len)) {
        add_file(ctx, files, path);
        return;
    }
    if (lt_resolve_or_skip(ctx, directory, &real) == LT_OK)
        lt_list_or_skip(ctx, real, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (fnmatch(pattern.ptr, lt_str_dup(ctx->scratch, listing.nodes[i].name).ptr, 0) == 0)
            add_file(ctx, files, lt_path_join(ctx->scratch, directory, listing.nodes[i].name));
}

/* Claim what a config.toml and the files that it imports set. */
static void claim_toml(struct lt_ctx *ctx, struct lt_claimant *claimant, struct lt_str config)
{
    struct lt_list files = {0};
    add_file(ctx, &files, config);
    for (size_t i = 0; i < files.count && i < MAX_IMPORTS; i++) {
        struct lt_str file = *(const struct lt_str *)files.items[i], real, text;
        struct lt_list imports = {0};
        if (lt_follow_or_skip(ctx, file, MAX_CONFIG, &real, &text) != LT_OK)
            continue;
        struct lt_str root = lt_toml_string(ctx->scratch, text, "root");
        if (root.len)
            lt_claim_add(ctx, claimant, root, LT_STR("root"), file);
        lt_toml_strings(ctx->scratch, text, "imports", &imports);
        lt_each (const struct lt_str, import, &imports)
            add_import(ctx, &files, file, *import);
    }
    if (files.count > MAX_IMPORTS)
        lt_skip(ctx, config, LT_CODE_TOO_LARGE, "%zu files that it imports, beyond the first %d",
                files.count - MAX_IMPORTS, MAX_IMPORTS);
}

/* Of all that sets one thing, the last counts. */
static void keep_last(const struct lt_claimant *claimant)
{
    struct lt_str last = {0};
    lt_each (const struct lt_claim, claim, &claimant->claims)
        last = lt_claim_is_set(claim) ? claim->path : last;
    lt_each (struct lt_claim, claim, &claimant->claims)
        if (lt_claim_is_set(claim) && !lt_str_eq(claim->path, last))
            claim->idle = "a later setting overrides it";
}

/* --- services ----------------------------------------------------------------------------------------------------- */

/* Claim what an option names, in force or not; `below` is added to it. */
static void claim_option(struct lt_ctx *ctx, struct lt_claimant *claimant, const struct lt_service *service,
                         const char *name, char letter, const char *below)
{
    for (size_t in_force = 0; in_force < 2; in_force++) {
        struct lt_str file, value = lt_service_option(service, name, letter, in_force, &file);
        if (value.len)
            lt_claim_add(ctx, claimant, lt_str_format(ctx->scratch, "%.*s%s", LT_ARG(value), below),
                         lt_str_format(ctx->scratch, "--%s", name), file)
                ->idle = in_force ? NULL : "the command does not use it";
    }
}

/* Claim what containerd's service says; `config` is where its config.toml usually is, "" if it has none. */
static void claim_service(struct lt_ctx *ctx, struct lt_claimant *claimant, const struct lt_service *service,
                          struct lt_str config)
{
    struct lt_str file, other = lt_service_option(service, "config", 'c', true, &file);
    config = lt_str_starts(other, LT_STR("/")) ? other : config;
    if (config.len)
        claim_toml(ctx, claimant, config);
    claim_option(ctx, claimant, service, "root", 0, "");
    keep_last(claimant);
}

static void read_system(struct lt_ctx *ctx, struct lt_host_settings *settings)
{
    struct lt_daemon daemon = {.ctx = ctx};
    struct lt_service service = {.daemon = &daemon};
    struct lt_claimant *claimant = lt_claimant_add(ctx, settings, "containerd", false);
    lt_claim_add(ctx, claimant, LT_STR("/var/lib/containerd"), LT_STR("the default"), LT_STR(""));
    lt_service_read(&service, &(struct lt_service_place){lt_system_units, LT_STR("containerd"), USUAL, SCRIPTS});
    claim_service(ctx, claimant, &service, LT_STR("/etc/containerd/config.toml"));
}

/* A rootless containerd (nerdctl docs/rootless.md; extras/rootless/containerd-rootless.sh, 2.0). */
static void read_home(struct lt_ctx *ctx, struct lt_host_settings *settings, struct lt_str home)
{
    struct lt_daemon daemon = {.ctx = ctx, .home = home, .rootless = true};
    struct lt_service service = {.daemon = &daemon};
    struct lt_claimant *claimant = lt_claimant_add(ctx, settings, "containerd", true);
    struct lt_str file;
    lt_claim_add(ctx, claimant, lt_path_join(ctx->scratch, home, LT_STR(".local/share/containerd")), LT_STR("rootless"),
                 LT_STR(""));
    lt_service_read(&service, &(struct lt_service_place){lt_user_units, LT_STR("containerd"), NULL, NULL});
    claim_service(ctx, claimant, &service, lt_path_join(ctx->scratch, home, LT_STR(".config/containerd/config.toml")));
    struct lt_str data = lt_service_variable(&service, "XDG_DATA_HOME", &file);
    if (data.len && claimant->claims.count == 1)
        lt_claim_add(ctx, claimant, lt_path_join(ctx->scratch, lt_daemon_path(&daemon, data), LT_STR("containerd")),
                     LT_STR("XDG_DATA_HOME"), file);
}

/* --- Kubernetes --------------------------------------------------------------------------------------------------- */

/* A distribution: where its stores are below its data directory. */
static const struct distribution {
    const char *name, *directory;       /* its program, and its data directory by default */
    const char *config;                 /* its own configuration, YAML; NULL: none */
    const char *variable;               /* that sets the data directory; NULL: none */
    const char *runtimes[2], *below[2]; /* what is there; NULL: nothing more */
    const char *usual[6], *scripts[3];
} DISTRIBUTIONS[] = {
    {"k3s",
     "/var/lib/rancher/k3s",
     "/etc/rancher/k3s/config.yaml",
     "K3S_DATA_DIR",
     {"containerd", NULL},
     {"/agent/containerd", NULL},
     {"/etc/default/k3s", "/etc/sysconfig/k3s", "/etc/conf.d/k3s", "/etc/rancher/k3s/k3s.env", NULL},
     {"/etc/init.d/k3s", "/etc/init.d/k3s-agent", NULL}},
    {"rke2",
     "/var/lib/rancher/rke2",
     "/etc/rancher/rke2/config.yaml",
     "RKE2_DATA_DIR",
     {"containerd", NULL},
     {"/agent/containerd", NULL},
     {"/etc/default/rke2-server", "/etc/sysconfig/rke2-server", NULL},
     {NULL}},
    {"k0s",
     "/var/lib/k0s",
     NULL,
     NULL,
     {"containerd", "kubernetes"},
     {"/containerd", "/kubelet"},
     {NULL},
     {"/etc/init.d/k0scontroller", "/etc/init.d/k0sworker", NULL}},
};

/* A key at the top of a YAML file; the last one counts. */
static struct lt_str yaml_top(struct lt_ctx *ctx, struct lt_str file, const char *key)
{
    struct lt_str value = LT_STR(""), real, text;
    struct lt_yaml_item item;
    if (lt_follow_or_skip(ctx, file, MAX_CONFIG, &real, &text) != LT_OK)
        return value;
    struct lt_yaml yaml = {.rest = text};
    while (lt_yaml_next(&yaml, &item))
        if (lt_str_eq(item.path, lt_str_c(key)))
            value = lt_str_dup(ctx->scratch, item.value);
    lt_yaml_free(&yaml);
    return value;
}

/* Claim what a configuration of k3s or rke2 and the files in its .d directory set. */
static void claim_yaml(struct lt_ctx *ctx, struct lt_claimant *claimant, struct lt_str config, const char *below)
{
    struct lt_list files = {0};
    struct lt_str directory = lt_str_format(ctx->scratch, "%.*s.d", LT_ARG(config));
    add_file(ctx, &files, config);
    add_import(ctx, &files, config, lt_path_join(ctx->scratch, directory, LT_STR("*.yaml")));
    lt_each (const struct lt_str, file, &files) {
        struct lt_str value = yaml_top(ctx, *file, "data-dir");
        if (value.len)
            lt_claim_add(ctx, claimant, lt_str_format(ctx->scratch, "%.*s%s", LT_ARG(value), below), LT_STR("data-dir"),
                         *file);
    }
}

static void claim_distribution(struct lt_ctx *ctx, struct lt_host_settings *settings,
                               const struct distribution *distribution, const struct lt_service *service, size_t which)
{
    const char *below = distribution->below[which];
    struct lt_claimant *claimant = lt_claimant_add(ctx, settings, distribution->runtimes[which], false);
    struct lt_str file, config = lt_service_option(service, "config", 'c', true, &file);
    lt_claim_add(ctx, claimant, lt_str_format(ctx->scratch, "%s%s", distribution->directory, below),
                 lt_str_c(distribution->name), LT_STR(""));
    struct lt_str variable =
        distribution->variable ? lt_service_variable(service, distribution->variable, &file) : LT_STR("");
    if (variable.len)
        lt_claim_add(ctx, claimant, lt_str_format(ctx->scratch, "%.*s%s", LT_ARG(variable), below),
                     lt_str_c(distribution->variable), file);
    if (distribution->config)
        claim_yaml(ctx, claimant, config.len ? config : lt_str_c(distribution->config), below);
    claim_option(ctx, claimant, service, "data-dir", 'd', below);
    keep_last(claimant);
}

/* Does one of the words start the program? */
static bool runs(const struct lt_list *words, const char *program)
{
    lt_each (const struct lt_str, word, words)
        if (lt_str_eq(lt_str_basename(*word), lt_str_c(program)))
            return true;
    return false;
}

/* Read a service of a distribution: one of a unit that runs its program, or, if there is none, of init scripts. */
static void read_distribution(struct lt_ctx *ctx, struct lt_host_settings *settings,
                              const struct distribution *distribution, struct lt_str unit)
{
    struct lt_daemon daemon = {.ctx = ctx};
    struct lt_service service = {.daemon = &daemon};
    lt_service_read(&service,
                    &(struct lt_service_place){lt_system_units, unit, distribution->usual, distribution->scripts});
    for (size_t i = 0; i < 2 && distribution->runtimes[i]; i++)
        claim_distribution(ctx, settings, distribution, &service, i);
}

/* Read a unit that starts a containerd besides the usual one. */
static void read_other_unit(struct lt_ctx *ctx, struct lt_host_settings *settings, struct lt_str name)
{
    struct lt_daemon daemon = {.ctx = ctx};
    struct lt_service service = {.daemon = &daemon};
    lt_service_read(&service, &(struct lt_service_place){lt_system_units, name, NULL, NULL});
    claim_service(ctx, lt_claimant_add(ctx, settings, "containerd", false), &service, LT_STR(""));
}

/* Read the units that start a containerd, k3s, rke2 or k0s, whatever their names. */
static void read_units(struct lt_ctx *ctx, struct lt_host_settings *settings, bool *found)
{
    struct lt_list names = lt_unit_names(ctx, WORDS, ".service");
    lt_each (const struct lt_str, name, &names) {
        struct lt_arena arena = {0};
        struct lt_list words = lt_unit_words(ctx, *name, &arena);
        for (size_t i = 0; i < sizeof DISTRIBUTIONS / sizeof *DISTRIBUTIONS; i++) {
            if (!runs(&words, DISTRIBUTIONS[i].name))
                continue;
            read_distribution(ctx, settings, &DISTRIBUTIONS[i], *name);
            found[i] = true;
        }
        if (runs(&words, "containerd") && !lt_str_eq(*name, LT_STR("containerd")))
            read_other_unit(ctx, settings, *name);
        lt_arena_free(&arena);
    }
}

/* The kubelet's directory is that of --root-dir (kubernetes cmd/kubelet/app/options/options.go, 1.33). */
static void read_kubelet(struct lt_ctx *ctx, struct lt_host_settings *settings)
{
    static const char *const usual[] = {"/etc/default/kubelet", "/etc/sysconfig/kubelet", "/etc/conf.d/kubelet", NULL};
    static const char *const scripts[] = {"/etc/init.d/kubelet", NULL};
    struct lt_daemon daemon = {.ctx = ctx};
    struct lt_service service = {.daemon = &daemon};
    struct lt_claimant *claimant = lt_claimant_add(ctx, settings, "kubernetes", false);
    lt_claim_add(ctx, claimant, LT_STR("/var/lib/kubelet"), LT_STR("the kubelet's default"), LT_STR(""));
    lt_service_read(&service, &(struct lt_service_place){lt_system_units, LT_STR("kubelet"), usual, scripts});
    claim_option(ctx, claimant, &service, "root-dir", 0, "");
}

/* MicroK8s keeps arguments in a file for each daemon (canonical/microk8s microk8s-resources/default-args). */
static const struct snap {
    const char *runtime, *title, *usual, *file, *option;
} SNAPS[] = {
    {"containerd", "microk8s", "/var/snap/microk8s/common/var/lib/containerd",
     "/var/snap/microk8s/current/args/containerd", "root"},
    {"kubernetes", "MicroK8s", "/var/snap/microk8s/common/var/lib/kubelet", "/var/snap/microk8s/current/args/kubelet",
     "root-dir"},
};

static void read_microk8s(struct lt_ctx *ctx, struct lt_host_settings *settings, const struct snap *snap)
{
    const struct lt_str common = LT_STR("${SNAP_COMMON}"), file = lt_str_c(snap->file);
    struct lt_claimant *claimant = lt_claimant_add(ctx, settings, snap->runtime, false);
    struct lt_list words = {0};
    struct lt_str real, text;
    lt_claim_add(ctx, claimant, lt_str_c(snap->usual), lt_str_c(snap->title), LT_STR(""));
    if (lt_follow_or_skip(ctx, file, MAX_CONFIG, &real, &text) != LT_OK)
        return;
    lt_words_split(&words, ctx->scratch, text, MAX_ARGUMENTS);
    struct lt_str root = lt_words_option(&words, snap->option, 0);
    if (lt_str_starts(root, common))
        root = lt_str_format(ctx->scratch, "/var/snap/microk8s/common%.*s", LT_ARG(lt_str_skip(root, common.len)));
    if (root.len)
        lt_claim_add(ctx, claimant, root, lt_str_format(ctx->scratch, "--%s", snap->option), file);
}

void lt_settings_of_containerd(struct lt_ctx *ctx, struct lt_host_settings *settings)
{
    bool found[sizeof DISTRIBUTIONS / sizeof *DISTRIBUTIONS] = {0};
    read_system(ctx, settings);
    lt_each (const struct lt_str, home, &settings->homes)
        read_home(ctx, settings, *home);
    read_units(ctx, settings, found);
    for (size_t i = 0; i < sizeof DISTRIBUTIONS / sizeof *DISTRIBUTIONS; i++)
        if (!found[i])
            read_distribution(ctx, settings, &DISTRIBUTIONS[i], lt_str_c(DISTRIBUTIONS[i].name));
    read_kubelet(ctx, settings);
    for (size_t i = 0; i < sizeof SNAPS / sizeof *SNAPS; i++)
        read_microk8s(ctx, settings, &SNAPS[i]);
}
