// SPDX-License-Identifier: Apache-2.0
#include "host/daemon_json.h"

#include "host/daemon_conflicts.h"
#include "parse/json.h"
#include "parse/loosejson.h"
#include "parse/uci.h"

enum {
    MAX_DEPTH = 8,      /* nesting of daemon.json; dockerd uses three */
    MAX_KEY = 1024,     /* bytes of a key of daemon.json, including its parents */
    MAX_VALUES = 10000, /* values of daemon.json */
};

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

/* Of a file that is no JSON, only where the data root is: a wrong guess at anything else would be told as a fact. Of a
 * key that is there twice the last one counts. */
static void read_damaged(struct lt_daemon *daemon, struct lt_str text, struct lt_origin *origin)
{
    static const char *const keys[] = {"data-root", "graph"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct lt_loose_json json = {.rest = text};
        struct lt_loose_member member;
        struct lt_str value = LT_STR("");
        while (lt_loose_next(&json, daemon->ctx->scratch, &member))
            if (lt_str_eq(member.key, lt_str_c(keys[i])) && member.depth <= 1)
                value = member.value;
        if (!value.len)
            continue;
        lt_daemon_set(daemon, lt_str_c(keys[i]), value, origin, 0);
        lt_origin_fact(daemon, origin, lt_str_c(keys[i]), value);
    }
}

void lt_daemon_json(struct lt_daemon *daemon, struct lt_str path, const char *idle)
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
    origin->damaged = status != LT_OK;
    if (origin->damaged) {
        lt_skip_error(ctx, origin->path, &problem);
        read_damaged(daemon, text, origin);
    } else if (!lt_json_is_object(json)) {
        lt_skip(ctx, path, LT_CODE_DAMAGED, "no configuration: not a JSON object");
    } else {
        read_values(daemon, json, origin);
        lt_origin_options(daemon, origin, json);
        if (flaw)
            lt_skip(ctx, origin->path, LT_CODE_DAMAGED, "%s", flaw);
    }
    lt_json_free(json);
}

/* The name of an option of OpenWrt as daemon.json has it: "data_root" is "data-root". */
static struct lt_str dashed(struct lt_arena *arena, struct lt_str name)
{
    char *text = lt_new_array(arena, char, name.len + 1);
    for (size_t i = 0; i < name.len; i++)
        text[i] = (char)(name.ptr[i] == '_' ? '-' : name.ptr[i]);
    return (struct lt_str){text, name.len};
}

bool lt_daemon_uci(struct lt_daemon *daemon, struct lt_str path)
{
    struct lt_str text;
    struct lt_origin *origin;
    struct lt_uci_option option;
    if (lt_daemon_read(daemon, path, LT_RULE_CONFIGURED, &text, &origin) != LT_OK)
        return false;
    for (struct lt_uci uci = {.rest = text}; lt_uci_next(&uci, daemon->ctx->scratch, &option);) {
        if (!lt_str_eq(option.section, LT_STR("globals")))
            continue;
        struct lt_str key = dashed(daemon->ctx->scratch, option.key);
        lt_daemon_set(daemon, key, option.value, origin, 0);
        lt_origin_fact(daemon, origin, key, option.value);
    }
    return true;
}
