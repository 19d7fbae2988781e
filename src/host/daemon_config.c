// SPDX-License-Identifier: Apache-2.0
/* How the host configured its daemons: daemon.json, the files from which init scripts and units take options, units and
 * their drop-ins. This covers the system's daemon, snap's, and rootless daemons in home directories. The time of a file
 * is its mtime, as nothing else says when its contents were written. Whoever may write the file may set it, so it is
 * claimed.
 *
 * An option in a file of assignments is in force if docker.service uses its variable. It is also in force if there is
 * no unit, because then an init script starts the daemon (moby contrib/init, Debian docker.io, RHEL docker-common). */
#include "host/daemon_unit.h"

#include "parse/envfile.h"
#include "parse/json.h"
#include "parse/words.h"

enum {
    MAX_DEPTH = 8,       /* nesting of daemon.json; dockerd uses three */
    MAX_EXPANDED = 1024, /* bytes of a variable that is expanded, and of a setting after which no more are */
    MAX_FILES = 64,      /* named by EnvironmentFile= */
    MAX_KEY = 1024,      /* bytes of a key of daemon.json, including its parents */
    MAX_VALUES = 10000,  /* values of daemon.json */
};

static const char *const SYSTEM_DIRECTORIES[] = {
    "/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
    "/etc/systemd/system",         "/run/systemd/system",         "/usr/local/lib/systemd/system",
    "/lib/systemd/system",         "/usr/lib/systemd/system",     NULL,
};
static const char *const USER_DIRECTORIES[] = {
    ".config/systemd/user.control",
    ".config/systemd/user",
    ".local/share/systemd/user",
    NULL,
};

/* An assignment. A value that begins with a dash holds options. */
struct variable {
    struct lt_str name, value;
    const struct lt_origin *origin;
    unsigned line;
    const char *idle;
    bool appends;            /* NAME+=value, which a shell understands */
    bool by_unit;            /* set by systemd from Environment= or EnvironmentFile= */
    struct variable *before; /* of the same name, in force until this one */
};

/* One daemon with its units and variables. */
struct setup {
    struct lt_daemon daemon;
    struct lt_unit service, socket;
    struct lt_list variables; /* of struct variable * */
    struct lt_map by_name;    /* name -> the last variable in force */
    struct lt_map used;       /* names used in the unit's commands, as $NAME or ${NAME} */
};

static bool is_of(const struct lt_unit_setting *setting, const char *section, const char *key)
{
    return lt_str_eq(setting->section, lt_str_c(section)) && lt_str_eq(setting->key, lt_str_c(key));
}

static bool is_name_byte(char byte)
{
    return byte == '_' || (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

/* Cut "NAME" or "{NAME}" off the start of `rest` and return the name. */
static struct lt_str cut_name(struct lt_str *rest)
{
    struct lt_str at = *rest;
    size_t length = 0;
    bool braces = lt_str_starts(at, LT_STR("{"));
    at = braces ? lt_str_skip(at, 1) : at;
    while (length < at.len && is_name_byte(at.ptr[length]))
        length++;
    *rest = lt_str_skip(at, length + (braces && length < at.len && at.ptr[length] == '}'));
    return (struct lt_str){at.ptr, length};
}

/* Collect the variables used by commands that are in force. */
static void find_used(struct setup *setup)
{
    lt_each (const struct lt_unit_setting, setting, &setup->service.settings) {
        if (setting->idle || !is_of(setting, "Service", "ExecStart"))
            continue;
        struct lt_str rest = setting->value;
        for (lt_str_cut(&rest, '$'); rest.len; lt_str_cut(&rest, '$'))
            lt_map_put(&setup->used, setup->daemon.ctx->scratch, cut_name(&rest), setup);
    }
}

/* Why the unit does not use the variable; NULL if it does. */
static const char *unused(const struct setup *setup, struct lt_str name)
{
    bool by_itself = lt_str_eq(name, LT_STR("DOCKER_TLS_VERIFY")); /* dockerd reads it itself */
    return by_itself || lt_map_get(&setup->used, name) ? NULL : "docker.service does not use the variable";
}

/* Does a value refer to the variable's previous value? */
static bool builds_on(struct lt_str value, struct lt_str name)
{
    for (lt_str_cut(&value, '$'); value.len; lt_str_cut(&value, '$'))
        if (lt_str_eq(cut_name(&value), name))
            return true;
    return false;
}

/* Why a later variable replaces an earlier one of the same name; NULL if it does not. In systemd the last one wins, and
 * no value refers to another (man 5 systemd.exec). Which of several files an init script reads is unknown. */
static const char *replaced(const struct variable *earlier, const struct variable *later)
{
    if (earlier->by_unit && later->by_unit)
        return "a later line of the unit, or of a file that it names, sets it anew";
    bool builds = later->appends || builds_on(later->value, later->name);
    return earlier->origin == later->origin && !builds ? "a later line of the file sets it anew" : NULL;
}

static void add_variable(struct setup *setup, struct variable variable)
{
    struct lt_arena *scratch = setup->daemon.ctx->scratch;
    struct variable *kept = lt_new(scratch, struct variable);
    *kept = variable;
    lt_list_add(&setup->variables, scratch, kept);
    if (kept->idle)
        return;
    kept->before = lt_map_get(&setup->by_name, kept->name);
    for (struct variable *at = kept->before; at && !at->idle; at = at->before)
        if (!(at->idle = replaced(at, kept)))
            break;
    lt_map_put(&setup->by_name, scratch, kept->name, kept);
}

/* The path in EnvironmentFile=. A "-" before it allows the file to be missing. */
static struct lt_str named_file(const struct lt_unit_setting *setting)
{
    return lt_str_skip(setting->value, lt_str_starts(setting->value, LT_STR("-")));
}

/* Is the file named by EnvironmentFile= of the unit? */
static bool names_file(const struct lt_unit *unit, struct lt_str path)
{
    lt_each (const struct lt_unit_setting, setting, &unit->settings)
        if (!setting->idle && is_of(setting, "Service", "EnvironmentFile") && lt_str_eq(named_file(setting), path))
            return true;
    return false;
}

static void read_assignments(struct setup *setup, struct lt_str path)
{
    struct lt_daemon *daemon = &setup->daemon;
    struct lt_str text;
    struct lt_origin *origin;
    bool by_unit = names_file(&setup->service, path);
    if (lt_daemon_read(daemon, path, LT_RULE_CONFIGURED, &text, &origin) != LT_OK)
        return;
    if (setup->service.masked)
        origin->idle = "docker.service is masked";
    else if (setup->service.found && !by_unit)
        origin->idle = "docker.service does not read the file";
    struct lt_env_text env = {.rest = text};
    struct lt_env_line line;
    size_t other = 0;
    for (enum lt_status status; (status = lt_env_next(&env, daemon->ctx->scratch, &line)) != LT_END;) {
        other += status != LT_OK;
        if (status != LT_OK)
            continue;
        lt_origin_fact(daemon, origin, line.name, line.value);
        const char *idle = origin->idle ? origin->idle : setup->service.found ? unused(setup, line.name) : NULL;
        if (!idle && by_unit && line.appends)
            idle = "systemd does not append to variables";
        add_variable(setup, (struct variable){.name = line.name,
                                              .value = line.value,
                                              .origin = origin,
                                              .line = line.line,
                                              .idle = idle,
                                              .appends = line.appends,
                                              .by_unit = by_unit});
    }
    if (other)
        lt_fact_add(&origin->facts, daemon->ctx->scratch, "",
                    lt_str_format(daemon->ctx->scratch, "%zu lines that are no assignment", other));
}

static void report_open_quote(const struct setup *setup, const struct lt_origin *origin, unsigned line)
{
    lt_skip(setup->daemon.ctx, origin->path, LT_CODE_DAMAGED, "line %u: a quote is not closed", line);
}

/* Environment= of the unit. */
static void read_environment(struct setup *setup, const struct lt_unit_setting *setting)
{
    struct lt_str rest = setting->value, word;
    enum lt_status status;
    while ((status = lt_word_next(&rest, setup->daemon.ctx->scratch, &word)) == LT_OK) {
        struct lt_str name = lt_str_cut(&word, '=');
        const char *idle = setting->idle ? setting->idle : unused(setup, name);
        add_variable(setup, (struct variable){.name = name,
                                              .value = word,
                                              .origin = setting->origin,
                                              .line = setting->line,
                                              .idle = idle,
                                              .by_unit = true});
    }
    if (status == LT_SKIP)
        report_open_quote(setup, setting->origin, setting->line);
}

static void read_variables(struct setup *setup)
{
    struct lt_daemon *daemon = &setup->daemon;
    lt_each (const struct variable, variable, &setup->variables) {
        bool options = lt_str_starts(variable->value, LT_STR("-")) || builds_on(variable->value, variable->name);
        if (lt_str_eq(variable->name, LT_STR("DOCKER_TLS_VERIFY")) && variable->value.len) {
            struct lt_setting *setting =
                lt_daemon_set(daemon, LT_STR("tlsverify"), LT_STR("true"), variable->origin, variable->line);
            setting->idle = setting->idle ? setting->idle : variable->idle;
        } else if (options &&
                   !lt_daemon_options(daemon, variable->value, variable->origin, variable->line, variable->idle)) {
            report_open_quote(setup, variable->origin, variable->line);
        }
    }
}

/* Expand variables in a value. Unknown variables are kept as written. */
static struct lt_str expand(const struct setup *setup, struct lt_str value)
{
    struct lt_buf text = {0};
    while (value.len && text.len < MAX_EXPANDED) {
        lt_buf_add(&text, lt_str_cut(&value, '$'));
        const char *start = value.ptr - 1;
        if (!value.len)
            break;
        const struct variable *variable = lt_map_get(&setup->by_name, cut_name(&value));
        struct lt_str written = {start, (size_t)(value.ptr - start)};
        bool put = variable && variable->value.len <= MAX_EXPANDED;
        lt_buf_add(&text, put ? variable->value : written);
    }
    lt_buf_add(&text, value);
    struct lt_str kept = lt_str_dup(setup->daemon.ctx->scratch, lt_buf_view(&text));
    lt_buf_free(&text);
    return kept;
}

static void expand_all(struct setup *setup)
{
    lt_each (struct lt_setting, setting, &setup->daemon.settings)
        if (setting->line && setting->value.len && memchr(setting->value.ptr, '$', setting->value.len))
            setting->value = expand(setup, setting->value);
}

/* Add the options of ExecStart, the variables of Environment=, and the other commands. */
static void read_service(struct setup *setup)
{
    static const char *const commands[] = {"ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost",
                                           "ExecCondition"};
    struct lt_daemon *daemon = &setup->daemon;
    find_used(setup);
    lt_each (const struct lt_unit_setting, setting, &setup->service.settings) {
        if (is_of(setting, "Service", "ExecStart") &&
            !lt_daemon_options(daemon, setting->value, setting->origin, setting->line, setting->idle))
            report_open_quote(setup, setting->origin, setting->line);
        if (is_of(setting, "Service", "Environment"))
            read_environment(setup, setting);
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            if (is_of(setting, "Service", commands[i]))
                lt_daemon_set(daemon, setting->key, setting->value, setting->origin, setting->line)->idle =
                    setting->idle;
    }
}

static void read_socket(struct setup *setup)
{
    lt_each (const struct lt_unit_setting, setting, &setup->socket.settings)
        if (is_of(setting, "Socket", "ListenStream") || is_of(setting, "Socket", "SocketMode"))
            lt_daemon_set(&setup->daemon, setting->key, setting->value, setting->origin, setting->line)->idle =
                setting->idle;
}

/* --- daemon.json -------------------------------------------------------------------------------------------------- */

/* State while a daemon.json is read. */
struct config {
    struct lt_daemon *daemon;
    struct lt_origin *origin;
    size_t values, lost; /* values that were added, and that were left out */
    unsigned unnamed;    /* number of names that are too long, above the current value */
};

static void add_value(struct config *config, struct lt_str key, struct lt_str value)
{
    if (config->unnamed || config->values == MAX_VALUES) {
        config->lost++;
        return;
    }
    value = lt_str_dup(config->daemon->ctx->scratch, value);
    lt_daemon_set(config->daemon, key, value, config->origin, 0);
    lt_origin_fact(config->daemon, config->origin, key, value);
    config->values++;
}

static void flatten(struct config *config, const struct json_t *node, struct lt_str key, unsigned depth);

static void flatten_member(struct config *config, const struct json_t *value, struct lt_str above, struct lt_str name,
                           unsigned depth)
{
    struct lt_arena *scratch = config->daemon->ctx->scratch;
    bool is_long = config->unnamed || above.len + name.len >= MAX_KEY;
    struct lt_str key = LT_STR("");
    if (!is_long)
        key = above.len ? lt_str_format(scratch, "%.*s.%.*s", LT_ARG(above), LT_ARG(name)) : lt_str_dup(scratch, name);
    config->unnamed += is_long;
    flatten(config, value, key, depth);
    config->unnamed -= is_long;
}

/* Add all values below `node`. Names of nested members are joined with a dot; each item of a list is a value of the
 * list's key. */
static void flatten(struct config *config, const struct json_t *node, struct lt_str key, unsigned depth)
{
    struct lt_buf text = {0};
    struct lt_str name;
    const struct json_t *value;
    bool deep = depth == MAX_DEPTH;
    if (deep || lt_json_scalar(node, &text))
        add_value(config, key, deep ? LT_STR("...") : lt_buf_view(&text));
    lt_buf_free(&text);
    for (size_t i = 0; !deep && i < lt_json_count(node); i++)
        flatten(config, lt_json_item(node, i), key, depth + 1);
    for (void *iter = NULL; !deep && lt_json_next(node, &iter, &name, &value);)
        flatten_member(config, value, key, name, depth + 1);
}

static void read_values(struct lt_daemon *daemon, const struct json_t *json, struct lt_origin *origin)
{
    struct config config = {.daemon = daemon, .origin = origin};
    flatten(&config, json, LT_STR(""), 0);
    if (config.lost)
        lt_skip(daemon->ctx, origin->path, LT_CODE_TOO_LARGE,
                "%zu values beyond the first %d or under a name of more than %d bytes", config.lost, MAX_VALUES,
                MAX_KEY);
}

/* `usual`: runtime/docker/discover.c reads this file too, and reports it if it is damaged. `idle` as in struct
 * lt_origin. */
static void read_json(struct lt_daemon *daemon, struct lt_str path, bool usual, const char *idle)
{
    struct lt_ctx *ctx = daemon->ctx;
    struct lt_str text;
    struct lt_origin *origin;
    struct lt_err problem = {0};
    struct json_t *json;
    const char *flaw;
    enum lt_status status = lt_daemon_read(daemon, path, LT_RULE_CONFIGURED, &text, &origin);
    if (status != LT_OK)
        return;
    origin->idle = idle;
    status = lt_json_parse(text, &json, &flaw, &problem);
    if (status != LT_OK && !usual)
        lt_skip_error(ctx, path, &problem);
    else if (status == LT_OK && !lt_json_is_object(json))
        lt_skip(ctx, path, LT_CODE_DAMAGED, "no configuration: not a JSON object");
    else if (status == LT_OK)
        read_values(daemon, json, origin);
    lt_json_free(json);
}

/* --- daemons ------------------------------------------------------------------------------------------------------ */

/* Read the files that the unit names, in its order. A file that is named again is read at its last place, as its values
 * override the earlier ones. */
static void read_named_files(struct setup *setup)
{
    struct lt_ctx *ctx = setup->daemon.ctx;
    struct lt_map last = {0};
    unsigned count = 0;
    lt_each (struct lt_unit_setting, setting, &setup->service.settings)
        if (!setting->idle && is_of(setting, "Service", "EnvironmentFile"))
            lt_map_put(&last, ctx->scratch, named_file(setting), setting);
    lt_each (const struct lt_unit_setting, setting, &setup->service.settings) {
        struct lt_str path = named_file(setting);
        if (lt_map_get(&last, path) != setting || !lt_str_starts(path, LT_STR("/")))
            continue;
        if (count++ < MAX_FILES)
            read_assignments(setup, path);
        else
            lt_skip(ctx, path, LT_CODE_TOO_LARGE, "one of more than %d files that a unit names", MAX_FILES);
    }
}

/* Read the usual files, then those that the unit names. */
static void read_environment_files(struct setup *setup)
{
    static const char *const usual[] = {"/etc/default/docker", "/etc/sysconfig/docker", "/etc/sysconfig/docker-network",
                                        "/etc/sysconfig/docker-storage", "/etc/conf.d/docker"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (!names_file(&setup->service, lt_str_c(usual[i])))
            read_assignments(setup, lt_str_c(usual[i]));
    read_named_files(setup);
}

static enum lt_status read_system(struct lt_ctx *ctx, const struct lt_owner *owner, struct lt_err *err)
{
    struct setup setup = {.daemon = {.ctx = ctx, .owner = owner}};
    struct lt_daemon *daemon = &setup.daemon;
    struct lt_unit slice;
    lt_daemon_unit(daemon, SYSTEM_DIRECTORIES, LT_STR(""), "docker.service", &setup.service);
    lt_daemon_unit(daemon, SYSTEM_DIRECTORIES, LT_STR(""), "docker.socket", &setup.socket);
    lt_daemon_unit(daemon, SYSTEM_DIRECTORIES, LT_STR(""), "docker.slice", &slice);
    read_service(&setup);
    read_socket(&setup);
    read_environment_files(&setup);
    read_variables(&setup);
    expand_all(&setup);
    struct lt_str other = lt_daemon_value(daemon, "config-file");
    read_json(daemon, LT_STR("/etc/docker/daemon.json"), true,
              other.len && !lt_str_eq(other, LT_STR("/etc/docker/daemon.json"))
                  ? "the option --config-file names another"
                  : NULL);
    if (other.len && other.ptr[0] == '/' && !lt_str_eq(other, LT_STR("/etc/docker/daemon.json")))
        read_json(daemon, other, false, NULL);
    return lt_daemon_emit(daemon, err);
}

static enum lt_status read_snap(struct lt_ctx *ctx, const struct lt_owner *owner, struct lt_err *err)
{
    struct lt_daemon daemon = {.ctx = ctx, .owner = owner};
    read_json(&daemon, LT_STR("/var/snap/docker/current/config/daemon.json"), true, NULL);
    return lt_daemon_emit(&daemon, err);
}

static enum lt_status read_home(struct lt_ctx *ctx, const struct lt_owner *owner, struct lt_str home,
                                struct lt_err *err)
{
    struct setup setup = {.daemon = {.ctx = ctx, .owner = owner, .rootless = true}};
    lt_daemon_unit(&setup.daemon, USER_DIRECTORIES, home, "docker.service", &setup.service);
    lt_daemon_unit(&setup.daemon, USER_DIRECTORIES, home, "docker.socket", &setup.socket);
    read_service(&setup);
    read_socket(&setup);
    read_variables(&setup);
    expand_all(&setup);
    read_json(&setup.daemon, lt_path_join(ctx->scratch, home, LT_STR(".config/docker/daemon.json")), true, NULL);
    return lt_daemon_emit(&setup.daemon, err);
}

/* Read the daemon of a home directory once, as several links in /home may lead to the same one. */
static enum lt_status read_home_once(struct lt_ctx *ctx, struct lt_str path, struct lt_map *known, struct lt_err *err)
{
    struct lt_str home;
    enum lt_status status = lt_resolve_or_skip(ctx, path, &home);
    if (status != LT_OK || lt_map_get(known, home))
        return LT_OK;
    lt_map_put(known, ctx->scratch, home, ctx);
    return read_home(ctx, lt_daemon_owner(ctx->host, home), home, err);
}

static enum lt_status read_homes(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_map known = {0};
    struct lt_listing homes;
    enum lt_status status = LT_OK;
    lt_fs_list(ctx->fs, LT_STR("/home"), ctx->scratch, &homes, NULL); /* discovery reports errors */
    for (size_t i = 0; status == LT_OK && i < homes.count; i++)
        status = read_home_once(ctx, lt_path_join(ctx->scratch, LT_STR("/home"), homes.nodes[i].name), &known, err);
    return status == LT_OK ? read_home_once(ctx, LT_STR("/root"), &known, err) : status;
}

static enum lt_status host_config_events(struct lt_ctx *ctx, struct lt_err *err)
{
    const struct lt_owner *owner = lt_daemon_owner(ctx->host, LT_STR(""));
    enum lt_status status = read_system(ctx, owner, err);
    if (status == LT_OK)
        status = read_snap(ctx, owner, err);
    return status == LT_OK ? read_homes(ctx, err) : status;
}

const struct lt_source lt_source_host_config = {
    .name = "host_config",
    .summary = "daemon.json, options in /etc, units and drop-ins: how daemons are configured, and what that exposes",
    .scope = LT_PER_FS,
    .stage = LT_STAGE_SETTINGS,
    .events = host_config_events,
};
