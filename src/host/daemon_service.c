// SPDX-License-Identifier: Apache-2.0
#include "host/daemon_service.h"

#include "parse/envfile.h"
#include "parse/words.h"

enum {
    MAX_EXPANDED = 1024, /* bytes of a variable that is expanded, and of a setting after which no more are */
    MAX_FILES = 64,      /* named by EnvironmentFile= */
    MAX_WORDS = 4096,    /* of a command line */
    MAX_SCRIPT = 65536,  /* bytes of an init script */
};

const char *const lt_system_units[] = {
    "/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient",
    "/etc/systemd/system",         "/run/systemd/system",         "/usr/local/lib/systemd/system",
    "/lib/systemd/system",         "/usr/lib/systemd/system",     NULL,
};
const char *const lt_user_units[] = {
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

/* An init script. */
struct script {
    struct lt_str path, text;
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
static void find_used(struct lt_service *service)
{
    lt_each (const struct lt_unit_setting, setting, &service->unit.settings) {
        if (setting->idle || !is_of(setting, "Service", "ExecStart"))
            continue;
        struct lt_str rest = setting->value;
        for (lt_str_cut(&rest, '$'); rest.len; lt_str_cut(&rest, '$'))
            lt_map_put(&service->used, service->daemon->ctx->scratch, cut_name(&rest), service);
    }
}

/* Why the unit does not use the variable; NULL if it does. */
static const char *unused(const struct lt_service *service, struct lt_str name)
{
    static const char *const by_itself[] = {"DOCKER_TLS_VERIFY", "DOCKER_CONTAINERD_ROOT", "XDG_DATA_HOME",
                                            "K3S_DATA_DIR", "RKE2_DATA_DIR"}; /* daemons read them themselves */
    for (size_t i = 0; i < sizeof by_itself / sizeof *by_itself; i++)
        if (lt_str_eq(name, lt_str_c(by_itself[i])))
            return NULL;
    return lt_map_get(&service->used, name) ? NULL : service->is_unused;
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

static void add_variable(struct lt_service *service, struct variable variable)
{
    struct lt_arena *scratch = service->daemon->ctx->scratch;
    struct variable *kept = lt_new(scratch, struct variable);
    *kept = variable;
    lt_list_add(&service->variables, scratch, kept);
    if (kept->idle)
        return;
    kept->before = lt_map_get(&service->by_name, kept->name);
    for (struct variable *at = kept->before; at && !at->idle; at = at->before)
        if (!(at->idle = replaced(at, kept)))
            break;
    lt_map_put(&service->by_name, scratch, kept->name, kept);
}

struct lt_str lt_daemon_path(const struct lt_daemon *daemon, struct lt_str path)
{
    static const char *const words[] = {"%h", "${HOME}", "$HOME", "~"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct lt_str word = lt_str_c(words[i]), home = daemon->home.len ? daemon->home : LT_STR("/root");
        if (lt_str_starts(path, word))
            return lt_str_format(daemon->ctx->scratch, "%.*s%.*s", LT_ARG(home), LT_ARG(lt_str_skip(path, word.len)));
    }
    return path;
}

/* The path in EnvironmentFile=. A "-" before it allows the file to be missing. */
static struct lt_str named_file(const struct lt_service *service, const struct lt_unit_setting *setting)
{
    return lt_daemon_path(service->daemon, lt_str_skip(setting->value, lt_str_starts(setting->value, LT_STR("-"))));
}

/* Is the file named by EnvironmentFile= of the unit? */
static bool names_file(const struct lt_service *service, struct lt_str path)
{
    lt_each (const struct lt_unit_setting, setting, &service->unit.settings)
        if (!setting->idle && is_of(setting, "Service", "EnvironmentFile") &&
            lt_str_eq(named_file(service, setting), path))
            return true;
    return false;
}

static void read_assignments(struct lt_service *service, struct lt_str path)
{
    struct lt_daemon *daemon = service->daemon;
    struct lt_str text;
    struct lt_origin *origin;
    bool by_unit = names_file(service, path);
    if (lt_daemon_read(daemon, path, LT_RULE_CONFIGURED, &text, &origin) != LT_OK)
        return;
    if (service->unit.masked)
        origin->idle = service->is_masked;
    else if (service->unit.found && !by_unit)
        origin->idle = service->is_unread;
    struct lt_env_text env = {.rest = text};
    struct lt_env_line line;
    size_t other = 0;
    for (enum lt_status status; (status = lt_env_next(&env, daemon->ctx->scratch, &line)) != LT_END;) {
        other += status != LT_OK;
        if (status != LT_OK)
            continue;
        lt_origin_fact(daemon, origin, line.name, line.value);
        const char *idle = origin->idle ? origin->idle : service->unit.found ? unused(service, line.name) : NULL;
        if (!idle && by_unit && line.appends)
            idle = "systemd does not append to variables";
        add_variable(service, (struct variable){.name = line.name,
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

static void report_open_quote(const struct lt_service *service, const struct lt_origin *origin, unsigned line)
{
    lt_skip(service->daemon->ctx, origin->path, LT_CODE_DAMAGED, "line %u: a quote is not closed", line);
}

/* Environment= of the unit. */
static void read_environment(struct lt_service *service, const struct lt_unit_setting *setting)
{
    struct lt_str rest = setting->value, word;
    enum lt_status status;
    while ((status = lt_word_next(&rest, service->daemon->ctx->scratch, &word)) == LT_OK) {
        struct lt_str name = lt_str_cut(&word, '=');
        const char *idle = setting->idle ? setting->idle : unused(service, name);
        add_variable(service, (struct variable){.name = name,
                                                .value = word,
                                                .origin = setting->origin,
                                                .line = setting->line,
                                                .idle = idle,
                                                .by_unit = true});
    }
    if (status == LT_SKIP)
        report_open_quote(service, setting->origin, setting->line);
}

static void read_variables(struct lt_service *service)
{
    struct lt_daemon *daemon = service->daemon;
    lt_each (const struct variable, variable, &service->variables) {
        bool options =
            lt_str_starts(lt_str_trim(variable->value), LT_STR("-")) || builds_on(variable->value, variable->name);
        if (lt_str_eq(variable->name, LT_STR("DOCKER_TLS_VERIFY")) && variable->value.len) {
            struct lt_setting *setting =
                lt_daemon_set(daemon, LT_STR("tlsverify"), LT_STR("true"), variable->origin, variable->line);
            setting->idle = setting->idle ? setting->idle : variable->idle;
        } else if (options &&
                   !lt_daemon_options(daemon, variable->value, variable->origin, variable->line, variable->idle)) {
            report_open_quote(service, variable->origin, variable->line);
        }
    }
}

/* Expand variables in a value. Unknown variables are kept as written. */
static struct lt_str expand(const struct lt_service *service, struct lt_str value)
{
    struct lt_buf text = {0};
    lt_buf_grow(&text, value.len + 1);
    while (value.len && text.len < MAX_EXPANDED) {
        lt_buf_add(&text, lt_str_cut(&value, '$'));
        const char *start = value.ptr - 1;
        if (!value.len)
            break;
        const struct variable *variable = lt_map_get(&service->by_name, cut_name(&value));
        struct lt_str written = {start, (size_t)(value.ptr - start)};
        bool put = variable && variable->value.len <= MAX_EXPANDED;
        lt_buf_add(&text, put ? variable->value : written);
    }
    lt_buf_add(&text, value);
    struct lt_str kept = lt_str_dup(service->daemon->ctx->scratch, lt_buf_view(&text));
    lt_buf_free(&text);
    return kept;
}

static void expand_all(struct lt_service *service)
{
    lt_each (struct lt_setting, setting, &service->daemon->settings)
        if (setting->line && setting->value.len && memchr(setting->value.ptr, '$', setting->value.len))
            setting->value = expand(service, setting->value);
}

/* Add the options of ExecStart, the variables of Environment=, and the other commands. */
static void read_service(struct lt_service *service)
{
    static const char *const commands[] = {"ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost",
                                           "ExecCondition"};
    struct lt_daemon *daemon = service->daemon;
    find_used(service);
    lt_each (const struct lt_unit_setting, setting, &service->unit.settings) {
        if (is_of(setting, "Service", "ExecStart") &&
            !lt_daemon_options(daemon, setting->value, setting->origin, setting->line, setting->idle))
            report_open_quote(service, setting->origin, setting->line);
        if (is_of(setting, "Service", "Environment"))
            read_environment(service, setting);
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            if (is_of(setting, "Service", commands[i]))
                lt_daemon_set(daemon, setting->key, setting->value, setting->origin, setting->line)->idle =
                    setting->idle;
    }
}

static void read_socket(struct lt_service *service)
{
    lt_each (const struct lt_unit_setting, setting, &service->socket.settings)
        if (is_of(setting, "Socket", "ListenStream") || is_of(setting, "Socket", "SocketMode"))
            lt_daemon_set(service->daemon, setting->key, setting->value, setting->origin, setting->line)->idle =
                setting->idle;
}

/* Read the files that the unit names, in its order. A file that is named again is read at its last place, as its values
 * override the earlier ones. */
static void read_named_files(struct lt_service *service)
{
    struct lt_ctx *ctx = service->daemon->ctx;
    struct lt_map last = {0};
    unsigned count = 0;
    lt_each (struct lt_unit_setting, setting, &service->unit.settings)
        if (!setting->idle && is_of(setting, "Service", "EnvironmentFile"))
            lt_map_put(&last, ctx->scratch, named_file(service, setting), setting);
    lt_each (const struct lt_unit_setting, setting, &service->unit.settings) {
        struct lt_str path = named_file(service, setting);
        if (lt_map_get(&last, path) != setting || !lt_str_starts(path, LT_STR("/")))
            continue;
        if (count++ < MAX_FILES)
            read_assignments(service, path);
        else
            lt_skip(ctx, path, LT_CODE_TOO_LARGE, "one of more than %d files that a unit names", MAX_FILES);
    }
}

static void read_units(struct lt_service *service, const struct lt_service_place *place)
{
    struct lt_arena *scratch = service->daemon->ctx->scratch;
    struct lt_unit slice;
    const char *unit = lt_str_format(scratch, "%.*s.service", LT_ARG(place->name)).ptr;
    service->is_masked = lt_str_format(scratch, "%s is masked", unit).ptr;
    service->is_unread = lt_str_format(scratch, "%s does not read the file", unit).ptr;
    service->is_unused = lt_str_format(scratch, "%s does not use the variable", unit).ptr;
    lt_daemon_unit(service->daemon, place->directories, service->daemon->home, unit, &service->unit);
    lt_daemon_unit(service->daemon, place->directories, service->daemon->home,
                   lt_str_format(scratch, "%.*s.socket", LT_ARG(place->name)).ptr, &service->socket);
    lt_daemon_unit(service->daemon, place->directories, service->daemon->home,
                   lt_str_format(scratch, "%.*s.slice", LT_ARG(place->name)).ptr, &slice);
}

static void read_script(struct lt_service *service, struct lt_str file)
{
    struct lt_ctx *ctx = service->daemon->ctx;
    struct script *script = lt_new(ctx->scratch, struct script);
    if (lt_follow_or_skip(ctx, file, MAX_SCRIPT, &script->path, &script->text) == LT_OK)
        lt_list_add(&service->scripts, ctx->scratch, script);
}

/* The words of a script, line by line: an apostrophe in a comment opens no quote. */
static void add_script_words(const struct lt_service *service, struct lt_str rest, struct lt_list *words)
{
    while (rest.len) {
        struct lt_str line = lt_str_trim(lt_str_cut(&rest, '\n'));
        if (lt_str_ends(line, LT_STR("\\")))
            line.len--;
        if (!lt_str_starts(line, LT_STR("#")))
            lt_words_split(words, service->daemon->ctx->scratch, expand(service, line), MAX_WORDS);
    }
}

/* Is another program than systemd the host's init? Packages bring units along for those who have systemd. */
static bool has_other_init(struct lt_ctx *ctx)
{
    struct lt_str init;
    return lt_fs_resolve(ctx->fs, LT_STR("/sbin/init"), ctx->scratch, &init, NULL) == LT_OK &&
           !lt_str_eq(lt_str_basename(init), LT_STR("systemd"));
}

static void put_out_of_force(struct lt_list *settings, const char *why)
{
    lt_each (struct lt_unit_setting, setting, settings)
        setting->idle = setting->idle ? setting->idle : why;
}

/* What is read so far are units, and nothing starts them. */
static void ignore_units(struct lt_service *service)
{
    const char *why = "the host's init is not systemd";
    put_out_of_force(&service->unit.settings, why);
    put_out_of_force(&service->socket.settings, why);
    lt_each (struct lt_origin, origin, &service->daemon->origins)
        origin->idle = origin->idle ? origin->idle : why;
    service->unit.found = service->unit.masked = false;
}

void lt_service_read(struct lt_service *service, const struct lt_service_place *place)
{
    read_units(service, place);
    if (!service->daemon->home.len && has_other_init(service->daemon->ctx))
        ignore_units(service);
    read_service(service);
    read_socket(service);
    for (const char *const *usual = place->usual; usual && *usual; usual++)
        if (!names_file(service, lt_str_c(*usual)))
            read_assignments(service, lt_str_c(*usual));
    read_named_files(service);
    read_variables(service);
    expand_all(service);
    for (const char *const *script = place->scripts; script && *script && !service->unit.found; script++)
        read_script(service, lt_str_c(*script));
}

struct lt_list lt_service_words(const struct lt_service *service)
{
    struct lt_arena *scratch = service->daemon->ctx->scratch;
    struct lt_list words = {0};
    lt_each (const struct lt_unit_setting, setting, &service->unit.settings)
        if (!setting->idle && !service->unit.masked && is_of(setting, "Service", "ExecStart"))
            lt_words_split(&words, scratch, expand(service, setting->value), MAX_WORDS);
    lt_each (const struct variable, variable, &service->variables)
        if (!variable->idle && !service->unit.found)
            lt_words_split(&words, scratch, expand(service, variable->value), MAX_WORDS);
    lt_each (const struct script, script, &service->scripts)
        add_script_words(service, script->text, &words);
    return words;
}

/* The words of commands and variables that are not in force. */
static struct lt_list idle_words(const struct lt_service *service)
{
    struct lt_arena *scratch = service->daemon->ctx->scratch;
    struct lt_list words = {0};
    lt_each (const struct lt_unit_setting, setting, &service->unit.settings)
        if ((setting->idle || service->unit.masked) && is_of(setting, "Service", "ExecStart"))
            lt_words_split(&words, scratch, setting->value, MAX_WORDS);
    lt_each (const struct variable, variable, &service->variables)
        if (variable->idle)
            lt_words_split(&words, scratch, variable->value, MAX_WORDS);
    return words;
}

struct lt_str lt_service_variable(const struct lt_service *service, const char *name, struct lt_str *file)
{
    const struct variable *variable = lt_map_get(&service->by_name, lt_str_c(name));
    *file = variable ? variable->origin->path : LT_STR("");
    return variable ? variable->value : LT_STR("");
}

static bool holds(struct lt_str text, struct lt_str part)
{
    return part.len && text.len >= part.len && memmem(text.ptr, text.len, part.ptr, part.len);
}

/* The file in which the text is written, in a command or variable that is in force, or in one that is not; "" if there
 * is none. Of several the last one. */
static struct lt_str find_file(const struct lt_service *service, struct lt_str text, bool in_force)
{
    struct lt_str file = LT_STR("");
    lt_each (const struct lt_unit_setting, setting, &service->unit.settings)
        if (!setting->idle == in_force && is_of(setting, "Service", "ExecStart") && holds(setting->value, text))
            file = setting->origin->path;
    lt_each (const struct variable, variable, &service->variables)
        if (!variable->idle == in_force && holds(variable->value, text))
            file = variable->origin->path;
    lt_each (const struct script, script, &service->scripts)
        if (!file.len && in_force && holds(script->text, text))
            file = script->path;
    return file;
}

struct lt_str lt_service_option(const struct lt_service *service, const char *name, char letter, bool in_force,
                                struct lt_str *file)
{
    struct lt_arena *scratch = service->daemon->ctx->scratch;
    struct lt_list words = in_force ? lt_service_words(service) : idle_words(service);
    struct lt_str value = lt_words_option(&words, name, letter);
    struct lt_str written[] = {value, lt_str_format(scratch, "-%s", name), lt_str_format(scratch, "-%c", letter)};
    *file = LT_STR("");
    for (size_t i = 0; value.len && !file->len && i < (letter ? 3 : 2); i++) /* a value may have been expanded */
        *file = find_file(service, written[i], in_force);
    return lt_daemon_path(service->daemon, value);
}
