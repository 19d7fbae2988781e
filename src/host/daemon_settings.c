// SPDX-License-Identifier: Apache-2.0
#include "host/daemon_settings.h"

#include "host/daemon_conflicts.h"
#include "parse/dockerd.h"
#include "parse/redact.h"
#include "parse/words.h"

enum {
    MAX_CONFIG = 1024 * 1024,
    MAX_WORDS = 4096, /* words of a command line */
    MAX_ROWS = 10000, /* rows for the settings of one daemon */
};

/* The owner of a daemon's rows: the store in its `home` (else ""), else the first store of a daemon that is not
 * rootless, else the host's first store; of several, one that is not abandoned. Without a store it is the host itself.
 */
static const struct lt_owner *owner_of(const struct lt_host *host, struct lt_str home)
{
    const struct lt_owner *best = &host->owner;
    unsigned rank = 0;
    lt_each (const struct lt_root, root, &host->roots) {
        struct lt_str rest;
        bool in_home = home.len && lt_path_behind(root->path, home, &rest) && rest.len;
        unsigned fits = in_home ? 6 : !root->rootless ? 4 : 2;
        fits -= root->abandoned;
        if (fits <= rank)
            continue;
        best = &root->owner;
        rank = fits;
    }
    return best;
}

struct lt_origin *lt_daemon_origin(struct lt_daemon *daemon, struct lt_str path, const struct lt_node *node,
                                   enum lt_rule rule)
{
    struct lt_origin *origin = lt_new(daemon->ctx->scratch, struct lt_origin);
    *origin =
        (struct lt_origin){.path = lt_str_dup(daemon->ctx->scratch, path), .written = node->time[LT_M], .rule = rule};
    lt_list_add(&daemon->origins, daemon->ctx->scratch, origin);
    return origin;
}

enum lt_status lt_daemon_read(struct lt_daemon *daemon, struct lt_str path, enum lt_rule rule, struct lt_str *text,
                              struct lt_origin **origin)
{
    struct lt_ctx *ctx = daemon->ctx;
    struct lt_str real;
    struct lt_node node;
    enum lt_status status = lt_follow_or_skip(ctx, path, MAX_CONFIG, &real, text);
    if (status == LT_OK)
        status = lt_stat_or_skip(ctx, real, &node);
    if (status == LT_OK)
        *origin = lt_daemon_origin(daemon, real, &node, rule);
    return status;
}

/* "<key>=<value>" with secrets hidden. */
static struct lt_str setting_text(const struct lt_daemon *daemon, struct lt_str key, struct lt_str value)
{
    struct lt_buf shown = {0};
    lt_redact(&shown, lt_str_format(daemon->ctx->scratch, "%.*s=%.*s", LT_ARG(key), LT_ARG(value)));
    struct lt_str text = lt_str_dup(daemon->ctx->scratch, lt_buf_view(&shown));
    lt_buf_free(&shown);
    return text;
}

void lt_origin_fact(struct lt_daemon *daemon, struct lt_origin *origin, struct lt_str key, struct lt_str value)
{
    if (origin->facts.count == LT_MAX_ORIGIN_FACTS) {
        origin->more_facts++;
        return;
    }
    lt_fact_add(&origin->facts, daemon->ctx->scratch, "", setting_text(daemon, key, value));
}

struct lt_setting *lt_daemon_set(struct lt_daemon *daemon, struct lt_str key, struct lt_str value,
                                 const struct lt_origin *origin, unsigned line)
{
    struct lt_setting *setting = lt_new(daemon->ctx->scratch, struct lt_setting);
    *setting = (struct lt_setting){.key = key, .value = value, .origin = origin, .line = line, .idle = origin->idle};
    lt_list_add(&daemon->settings, daemon->ctx->scratch, setting);
    return setting;
}

struct lt_str lt_daemon_value(const struct lt_daemon *daemon, const char *key)
{
    struct lt_str value = LT_STR("");
    lt_each (const struct lt_setting, setting, &daemon->settings)
        if (!setting->idle && lt_str_eq(setting->key, lt_str_c(key)))
            value = setting->value;
    return value;
}

bool lt_daemon_options(struct lt_daemon *daemon, struct lt_str command, const struct lt_origin *origin, unsigned line,
                       const char *idle)
{
    struct lt_arena *scratch = daemon->ctx->scratch;
    struct lt_list words = {0};
    struct lt_str word;
    enum lt_status status;
    size_t more = 0;
    while ((status = lt_word_next(&command, scratch, &word)) == LT_OK) {
        more += words.count == MAX_WORDS;
        if (!more)
            lt_list_add_str(&words, scratch, word);
    }
    if (more)
        lt_skip(daemon->ctx, origin->path, LT_CODE_TOO_LARGE, "line %u: %zu words beyond the first %d", line, more,
                MAX_WORDS);
    struct lt_dockerd_option option;
    for (size_t at = 0; status != LT_SKIP && lt_dockerd_next(&words, &at, &option) == LT_OK;) {
        struct lt_setting *setting = lt_daemon_set(daemon, option.key, option.value, origin, line);
        setting->idle = setting->idle ? setting->idle : idle;
        setting->flag = true;
    }
    return status != LT_SKIP;
}

/* Are clients verified? Setting tlsverify at all, even to false, turns TLS on. Since 20.10 TLS alone verifies clients
 * (moby cmd/dockerd/daemon.go loadDaemonCliConfig, options.go). */
static bool verifies_clients(const struct lt_daemon *daemon)
{
    struct lt_str verify = lt_daemon_value(daemon, "tlsverify"), tls = lt_daemon_value(daemon, "tls");
    return verify.len ? lt_str_eq(verify, LT_STR("true")) || lt_str_eq(verify, LT_STR("1"))
                      : lt_str_eq(tls, LT_STR("true")) || lt_str_eq(tls, LT_STR("1"));
}

static enum lt_rule judge_reach(const struct lt_daemon *daemon, enum lt_reach reach)
{
    if (reach == LT_REACH_SOCKET)
        return LT_RULES;
    if (daemon->verifies_clients)
        return LT_RULE_TCP_TLS;
    return reach == LT_REACH_LOCAL ? LT_RULE_TCP_LOCAL : LT_RULE_TCP_OPEN;
}

/* Rules that depend on the value alone; NULL: any value but the empty one. */
static const struct judgement {
    const char *key, *value;
    enum lt_rule rule;
} JUDGEMENTS[] = {
    {"insecure-registries", NULL, LT_RULE_INSECURE_REGISTRY},
    {"userns-remap", NULL, LT_RULE_USERNS_REMAP},
    {"data-root", NULL, LT_RULE_DATA_ROOT},
    {"graph", NULL, LT_RULE_DATA_ROOT},
    {"log-driver", "none", LT_RULE_LOG_NONE},
    {"log-driver", "syslog", LT_RULE_LOG_AWAY},
    {"log-driver", "journald", LT_RULE_LOG_AWAY},
    {"log-driver", "gelf", LT_RULE_LOG_AWAY},
    {"log-driver", "fluentd", LT_RULE_LOG_AWAY},
    {"log-driver", "awslogs", LT_RULE_LOG_AWAY},
    {"log-driver", "splunk", LT_RULE_LOG_AWAY},
    {"log-driver", "gcplogs", LT_RULE_LOG_AWAY},
    {"log-driver", "logentries", LT_RULE_LOG_AWAY},
    {"seccomp-profile", "unconfined", LT_RULE_NO_SECCOMP},
    {"iptables", "false", LT_RULE_NO_PACKET_FILTER},
    {"default-runtime", NULL, LT_RULE_OTHER_RUNTIME},
    {"metrics-addr", NULL, LT_RULE_METRICS},
    {"authorization-plugins", NULL, LT_RULE_AUTHORIZATION},
    {"no-new-privileges", "true", LT_RULE_NO_NEW_PRIVILEGES},
    {"icc", "false", LT_RULE_NO_ICC},
    {"live-restore", "true", LT_RULE_LIVE_RESTORE},
    {"ExecStartPre", NULL, LT_RULE_UNIT_COMMAND},
    {"ExecStartPost", NULL, LT_RULE_UNIT_COMMAND},
    {"ExecStop", NULL, LT_RULE_UNIT_COMMAND},
    {"ExecStopPost", NULL, LT_RULE_UNIT_COMMAND},
    {"ExecCondition", NULL, LT_RULE_UNIT_COMMAND},
};

static bool is_default(const struct lt_setting *setting)
{
    static const struct {
        const char *key, *value;
    } defaults[] = {{"data-root", "/var/lib/docker"},
                    {"graph", "/var/lib/docker"},
                    {"default-runtime", "runc"},
                    {"default-runtime", "io.containerd.runc.v2"}};
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (lt_str_eq(setting->key, lt_str_c(defaults[i].key)) &&
            lt_str_eq(setting->value, lt_str_c(defaults[i].value)))
            return true;
    return false;
}

/* May users write who are neither its owner nor in its group? */
static bool is_open_mode(struct lt_str mode)
{
    char last = mode.len ? mode.ptr[mode.len - 1] : '0';
    return last >= '0' && last <= '7' && (last - '0') & 2;
}

/* The rule that the setting matches; LT_RULES if none. */
static enum lt_rule judge(const struct lt_daemon *daemon, const struct lt_setting *setting)
{
    struct lt_str key = setting->key, value = setting->value;
    if (setting->line && value.len && memchr(value.ptr, '$', value.len))
        return LT_RULES; /* an unknown variable */
    if (lt_str_eq(key, LT_STR("hosts")))
        return judge_reach(daemon, lt_dockerd_reach(value));
    if (lt_str_eq(key, LT_STR("ListenStream")))
        return judge_reach(daemon, lt_listen_reach(value));
    if (lt_str_eq(key, LT_STR("SocketMode")))
        return is_open_mode(value) ? LT_RULE_SOCKET_OPEN : LT_RULES;
    if (lt_str_eq(key, LT_STR("registry-mirrors")))
        return lt_str_starts(value, LT_STR("http://")) ? LT_RULE_MIRROR_HTTP : LT_RULE_MIRROR;
    for (size_t i = 0; i < sizeof JUDGEMENTS / sizeof *JUDGEMENTS; i++)
        if (lt_str_eq(key, lt_str_c(JUDGEMENTS[i].key)) && value.len && !is_default(setting) &&
            (!JUDGEMENTS[i].value || lt_str_eq(value, lt_str_c(JUDGEMENTS[i].value))))
            return JUDGEMENTS[i].rule;
    return LT_RULES;
}

static enum lt_status emit(const struct lt_daemon *daemon, const struct lt_origin *origin,
                           const struct lt_exposure *exposure, struct lt_facts *facts, const char *idle,
                           struct lt_err *err)
{
    struct lt_event event = {
        .kind = LT_KIND_HOST_EXPOSED,
        .time = {origin->written},
        .owner = daemon->owner,
        .where = {.file = origin->path, .field = "mtime"},
    };
    if (idle)
        lt_facts_item(facts, LT_ATTR_FACTS, "not in force: %s", idle);
    if (daemon->rootless)
        lt_facts_item(facts, LT_ATTR_FACTS, "rootless daemon");
    return lt_exposure_emit(daemon->ctx, exposure, facts, &event, err);
}

static enum lt_status emit_origin(const struct lt_daemon *daemon, const struct lt_origin *origin, struct lt_err *err)
{
    struct lt_exposure exposure = lt_exposure_of(origin->rule, LT_STR(""));
    struct lt_facts facts = lt_exposure_facts(daemon->ctx, &exposure);
    lt_each (const struct lt_str, fact, &origin->facts)
        lt_facts_item(&facts, LT_ATTR_FACTS, "%.*s", LT_ARG(*fact));
    if (origin->more_facts)
        lt_facts_item(&facts, LT_ATTR_FACTS, "and %zu more", origin->more_facts);
    return emit(daemon, origin, &exposure, &facts, origin->idle, err);
}

static enum lt_status emit_setting(const struct lt_daemon *daemon, const struct lt_setting *setting, enum lt_rule rule,
                                   struct lt_err *err)
{
    struct lt_exposure exposure = lt_exposure_of(rule, setting_text(daemon, setting->key, setting->value));
    exposure.severity = setting->idle ? LT_SEV_info : exposure.severity;
    struct lt_facts facts = lt_exposure_facts(daemon->ctx, &exposure);
    if (setting->line)
        lt_facts_item(&facts, LT_ATTR_FACTS, "line %u", setting->line);
    return emit(daemon, setting->origin, &exposure, &facts, setting->idle, err);
}

/* A flag that daemon.json sets too has a row whatever it is. */
static enum lt_status emit_clash(const struct lt_daemon *daemon, const struct lt_setting *setting, struct lt_err *err)
{
    struct lt_exposure exposure = lt_exposure_of(LT_RULE_SET_TWICE, setting_text(daemon, setting->key, setting->value));
    struct lt_facts facts = lt_exposure_facts(daemon->ctx, &exposure);
    if (setting->line)
        lt_facts_item(&facts, LT_ATTR_FACTS, "line %u", setting->line);
    lt_fact(&facts, "and in", setting->clash->path);
    return emit(daemon, setting->origin, &exposure, &facts, NULL, err);
}

static enum lt_status emit_settings(const struct lt_daemon *daemon, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    size_t rows = 0, more = 0;
    const struct lt_setting *first = NULL; /* the first that is left out */
    lt_each (const struct lt_setting, setting, &daemon->settings) {
        enum lt_rule rule = judge(daemon, setting);
        if (status == LT_OK && setting->flag && setting->clash)
            status = emit_clash(daemon, setting, err);
        if (status != LT_OK || rule == LT_RULES)
            continue;
        if (rows++ < MAX_ROWS) {
            status = emit_setting(daemon, setting, rule, err);
        } else {
            first = first ? first : setting;
            more++;
        }
    }
    if (first)
        lt_skip(daemon->ctx, first->origin->path, LT_CODE_TOO_LARGE,
                "line %u: this and %zu more settings of the daemon, beyond %d that have rows", first->line, more - 1,
                MAX_ROWS);
    return status;
}

enum lt_status lt_daemon_emit(struct lt_daemon *daemon, struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    daemon->ctx = ctx;
    daemon->owner = owner_of(ctx->host, daemon->home);
    daemon->verifies_clients = verifies_clients(daemon);
    lt_daemon_find_conflicts(daemon);
    lt_each (const struct lt_origin, origin, &daemon->origins)
        status = status == LT_OK ? emit_origin(daemon, origin, err) : status;
    return status == LT_OK ? emit_settings(daemon, err) : status;
}
