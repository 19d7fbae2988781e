// SPDX-License-Identifier: Apache-2.0
#include "runtime/docker/container_host.h"

#include "parse/json.h"

enum { MAX_SETTING = 200 }; /* bytes; SecurityOpt may contain a whole seccomp profile */

/* A container whose settings are being read. */
struct reader {
    struct lt_ctx *ctx;
    struct lt_container *container;
    const struct json_t *host, *settings; /* `settings`: Config of its configuration */
    struct lt_list *privileges;
};

static struct lt_str setting_of(struct reader *reader, const char *field, struct lt_str value)
{
    if (value.len > MAX_SETTING)
        value.len = MAX_SETTING;
    return lt_str_format(reader->ctx->run, "%s=%.*s", field, LT_ARG(value));
}

static void add_finding(struct reader *reader, struct lt_exposure finding)
{
    lt_exposure_add(reader->ctx, reader->container, finding);
}

static void add_privilege(struct reader *reader, const char *word, struct lt_str value)
{
    lt_fact_add(reader->privileges, reader->ctx->run, word, value);
}

static void read_namespaces(struct reader *reader)
{
    static const struct {
        const char *field, *word; /* word NULL: not a privilege */
        enum lt_rule rule;
    } modes[] = {
        {"PidMode", "pid=host", LT_RULE_PID_HOST},          {"NetworkMode", "network=host", LT_RULE_NETWORK_HOST},
        {"IpcMode", "ipc=host", LT_RULE_IPC_HOST},          {"UTSMode", "uts=host", LT_RULE_UTS_HOST},
        {"UsernsMode", "userns=host", LT_RULE_USERNS_HOST}, {"CgroupnsMode", NULL, LT_RULE_CGROUPNS_HOST}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct lt_str mode = lt_json_str(reader->host, modes[i].field);
        if (!lt_str_eq(mode, LT_STR("host")))
            continue;
        if (modes[i].word)
            add_privilege(reader, modes[i].word, LT_STR(""));
        if (modes[i].rule != LT_RULE_USERNS_HOST ||
            reader->container->root->uids) /* else there is no user namespace to leave */
            add_finding(reader, lt_exposure_of(modes[i].rule, setting_of(reader, modes[i].field, mode)));
    }
}

static void read_capabilities(struct reader *reader)
{
    const struct json_t *list = lt_json_at(reader->host, "CapAdd");
    for (size_t i = 0; i < lt_json_count(list); i++) {
        struct lt_str name = lt_json_str(lt_json_item(list, i), "");
        add_privilege(reader, "cap_add=", name);
        add_finding(reader, lt_exposure_capability(name, setting_of(reader, "CapAdd", name)));
    }
}

/* Docker before 1.11 wrote ":" instead of "=". */
static void read_security(struct reader *reader)
{
    static const struct {
        const char *key, *value;
        enum lt_rule rule;
    } known[] = {{"seccomp", "unconfined", LT_RULE_SECCOMP},
                 {"apparmor", "unconfined", LT_RULE_APPARMOR},
                 {"label", "disable", LT_RULE_LABEL},
                 {"systempaths", "unconfined", LT_RULE_SYSTEM_PATHS}};
    const struct json_t *list = lt_json_at(reader->host, "SecurityOpt");
    for (size_t i = 0; i < lt_json_count(list); i++) {
        struct lt_str option = lt_json_str(lt_json_item(list, i), "");
        add_privilege(reader, "security_opt=", option);
        for (size_t j = 0; j < sizeof known / sizeof *known; j++) {
            size_t length = strlen(known[j].key);
            bool fits = lt_str_starts(option, lt_str_c(known[j].key)) && option.len > length &&
                        (option.ptr[length] == '=' || option.ptr[length] == ':');
            if (fits && lt_str_eq(lt_str_skip(option, length + 1), lt_str_c(known[j].value)))
                add_finding(reader, lt_exposure_of(known[j].rule, setting_of(reader, "SecurityOpt", option)));
        }
    }
    /* The client translates systempaths=unconfined into empty lists of paths. A privileged container has no lists. */
    if (lt_json_is_array(lt_json_at(reader->host, "MaskedPaths")) &&
        !lt_json_count(lt_json_at(reader->host, "MaskedPaths")))
        add_finding(reader, lt_exposure_of(LT_RULE_SYSTEM_PATHS, LT_STR("MaskedPaths=[]")));
}

static void read_devices(struct reader *reader)
{
    const struct json_t *list = lt_json_at(reader->host, "Devices");
    const struct json_t *rules = lt_json_at(reader->host, "DeviceCgroupRules");
    for (size_t i = 0; i < lt_json_count(list); i++) {
        struct lt_str path = lt_json_str(lt_json_item(list, i), "PathOnHost");
        enum lt_rule rule = lt_is_disk(path) ? LT_RULE_DISK : LT_RULE_DEVICE;
        add_privilege(reader, "device=", path);
        add_finding(reader, lt_exposure_of(rule, setting_of(reader, "Devices", path)));
    }
    for (size_t i = 0; i < lt_json_count(rules); i++) {
        struct lt_str rule = lt_json_str(lt_json_item(rules, i), "");
        add_privilege(reader, "device_rule=", rule);
        add_finding(reader, lt_exposure_of(LT_RULE_DEVICE_RULE, setting_of(reader, "DeviceCgroupRules", rule)));
    }
}

/* A missing address means that of the daemon's option --ip, which defaults to all addresses. */
static void read_published(struct reader *reader)
{
    struct lt_str port;
    const struct json_t *bindings;
    for (void *iter = NULL; lt_json_next(lt_json_at(reader->host, "PortBindings"), &iter, &port, &bindings);)
        for (size_t i = 0; i < lt_json_count(bindings); i++) {
            const struct json_t *binding = lt_json_item(bindings, i);
            struct lt_str ip = lt_json_str(binding, "HostIp"), number = lt_json_str(binding, "HostPort");
            if (ip.len && !lt_str_eq(ip, LT_STR("0.0.0.0")) && !lt_str_eq(ip, LT_STR("::")))
                continue;
            struct lt_str setting = lt_str_format(reader->ctx->run, "PortBindings=%.*s:%.*s->%.*s", LT_ARG(ip),
                                                  LT_ARG(number), LT_ARG(port));
            add_finding(reader, lt_exposure_of(LT_RULE_PORT_OPEN, setting));
        }
    if (lt_json_bool(reader->host, "PublishAllPorts"))
        add_finding(reader, lt_exposure_of(LT_RULE_PORT_ALL, LT_STR("PublishAllPorts=true")));
}

static void add_limit(struct reader *reader, const char *word, struct lt_str value)
{
    lt_fact_add(&reader->container->limits, reader->ctx->run, word, value);
}

/* Add a number as a limit unless it is 0. Returns whether it is greater than 0: -1 in MemorySwap lifts a limit. */
static bool read_number(struct reader *reader, const char *field)
{
    int64_t number;
    if ((!lt_json_int(reader->host, field, &number) || !number) && !lt_json_int(reader->settings, field, &number))
        return false;
    if (!number)
        return false;
    add_limit(reader, field, lt_str_format(reader->ctx->scratch, "=%jd", (intmax_t)number));
    return number > 0;
}

static void read_ulimits(struct reader *reader)
{
    const struct json_t *list = lt_json_at(reader->host, "Ulimits");
    for (size_t i = 0; i < lt_json_count(list); i++) {
        const struct json_t *item = lt_json_item(list, i);
        struct lt_str name = lt_json_str(item, "Name");
        int64_t soft = 0, hard = 0;
        if (lt_json_int(item, "Soft", &soft) && lt_json_int(item, "Hard", &hard))
            add_limit(
                reader, "Ulimits=",
                lt_str_format(reader->ctx->scratch, "%.*s:%jd:%jd", LT_ARG(name), (intmax_t)soft, (intmax_t)hard));
    }
}

static void read_limits(struct reader *reader)
{
    static const char *const numbers[] = {"MemoryReservation", "MemorySwap", "KernelMemory", "NanoCpus",   "CpuQuota",
                                          "CpuPeriod",         "CpuShares",  "BlkioWeight",  "OomScoreAdj"};
    static const char *const texts[] = {"CpusetCpus", "CpusetMems", "CgroupParent", "Cpuset"};
    enum { OF_HOST = 3 };
    bool memory = read_number(reader, "Memory"), processes = read_number(reader, "PidsLimit");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        read_number(reader, numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lt_str value = lt_json_str(i < OF_HOST ? reader->host : reader->settings, texts[i]);
        if (value.len)
            add_limit(reader, texts[i], lt_str_format(reader->ctx->scratch, "=%.*s", LT_ARG(value)));
    }
    if (lt_json_bool(reader->host, "OomKillDisable"))
        add_limit(reader, "OomKillDisable=true", LT_STR(""));
    read_ulimits(reader);
    if (!memory)
        add_limit(reader, "no limit of memory", LT_STR(""));
    if (!processes)
        add_limit(reader, "no limit of processes", LT_STR(""));
    reader->container->limits_known = true;
    reader->container->unlimited = !memory || !processes;
}

void lt_hostconfig_read(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *config,
                        const struct json_t *host, struct lt_list *privileges)
{
    struct reader reader = {ctx, container, host, lt_json_at(config, "Config"), privileges};
    if (lt_json_bool(host, "Privileged")) {
        add_privilege(&reader, "privileged", LT_STR(""));
        add_finding(&reader, lt_exposure_of(LT_RULE_PRIVILEGED, LT_STR("Privileged=true")));
        container->tags |= LT_TAG_BIT(privileged);
    }
    read_namespaces(&reader);
    read_capabilities(&reader);
    read_security(&reader);
    read_devices(&reader);
    lt_exposure_add_mounts(ctx, container);
    read_published(&reader);
    container->cgroup_parent = lt_str_dup(ctx->run, lt_json_str(host, "CgroupParent"));
    if (lt_json_is_object(host))
        read_limits(&reader);
}
