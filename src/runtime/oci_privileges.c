// SPDX-License-Identifier: Apache-2.0
/* What an OCI specification lets a container do to its host. Defaults are written out in it, and differ a little from
 * runtime to runtime. A setting is told if it goes beyond what Docker and containerd give by default (moby
 * oci/caps/defaults.go, oci/defaults.go; containerd pkg/oci/spec.go).
 *
 * The flag --privileged leaves no flag behind. Docker, containerd's CRI and ctr, CRI-O and podman all turn it into: all
 * capabilities that the runtime itself has, no seccomp, no AppArmor profile, no masked or read-only paths, all devices
 * allowed (moby daemon/oci_linux.go; containerd pkg/oci/spec_opts_linux.go WithPrivileged, WithAllDevicesAllowed).
 * Where only some of these hold, as with privileged_without_host_devices, they are told one by one. */
#include "runtime/oci_parts.h"

#include "host/exposure.h"
#include "parse/json.h"

/* Linux has had 38 capabilities since 3.16, and has 41 since 5.9. A runtime that lacks some cannot give them. */
enum { ALL_CAPABILITIES = 30 };

struct device {
    char type;            /* 'b', 'c'; 'a': both */
    int64_t major, minor; /* -1: all */
    struct lt_str access;
};

struct reader {
    struct lt_oci *oci;
    const struct json_t *isolation; /* the member "linux" */
    struct lt_list capabilities;    /* of struct lt_str *: names without CAP_, each once */
    struct lt_list rules;           /* of struct device *: what is allowed beyond the defaults, in scratch */
};

static struct lt_str setting_of(struct reader *reader, const char *field, struct lt_str value)
{
    return lt_str_format(reader->oci->ctx->run, "%s=%.*s", field, LT_ARG(value));
}

static void add_finding(struct reader *reader, struct lt_exposure finding)
{
    lt_exposure_add(reader->oci->ctx, reader->oci->container, finding);
}

static void add_privilege(struct reader *reader, const char *word, struct lt_str value)
{
    lt_facts_item(reader->oci->facts, LT_ATTR_PRIVILEGES, "%s%.*s", word, LT_ARG(value));
}

/* --- namespaces --- */

static const struct json_t *namespace_of(struct reader *reader, struct lt_str type)
{
    const struct json_t *list = lt_json_at(reader->isolation, "namespaces");
    for (size_t i = 0; i < lt_json_count(list); i++)
        if (lt_str_eq(lt_json_str(lt_json_item(list, i), "type"), type))
            return lt_json_item(list, i);
    return NULL;
}

/* A container joins the namespace at a path. That is the host's if it is the first process's, or if Docker before 25
 * keeps it under the name "default" (moby v24 daemon/oci_linux.go WithNamespaces). */
static bool is_host_path(struct lt_str path)
{
    return lt_str_starts(path, LT_STR("/proc/1/ns/")) || lt_str_ends(path, LT_STR("/docker/netns/default"));
}

static void add_host_namespace(struct reader *reader, const char *type, struct lt_str path, const char *word,
                               enum lt_rule rule)
{
    struct lt_arena *run = reader->oci->ctx->run;
    if (word)
        add_privilege(reader, word, LT_STR(""));
    add_finding(reader,
                lt_exposure_of(rule, path.len ? lt_str_format(run, "linux.namespaces=%s %.*s", type, LT_ARG(path))
                                              : lt_str_format(run, "linux.namespaces without %s", type)));
}

/* Containers of a pod join the namespaces of its sandbox. Then what the sandbox shares with the host counts, which only
 * the specification of the sandbox says. */
static void read_namespaces(struct reader *reader)
{
    static const struct {
        const char *type, *word; /* word NULL: not a privilege */
        enum lt_rule rule;
    } known[] = {{"pid", "pid=host", LT_RULE_PID_HOST},        {"network", "network=host", LT_RULE_NETWORK_HOST},
                 {"ipc", "ipc=host", LT_RULE_IPC_HOST},        {"uts", "uts=host", LT_RULE_UTS_HOST},
                 {"user", "userns=host", LT_RULE_USERNS_HOST}, {"cgroup", NULL, LT_RULE_CGROUPNS_HOST}};
    struct lt_container *container = reader->oci->container;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct json_t *namespace = namespace_of(reader, lt_str_c(known[i].type));
        struct lt_str path = lt_json_str(namespace, "path");
        bool host = !namespace || is_host_path(path), user = known[i].rule == LT_RULE_USERNS_HOST;
        if (path.len && !host)
            lt_facts_item(reader->oci->facts, LT_ATTR_FACTS, "joins the %s namespace %.*s", known[i].type,
                          LT_ARG(path));
        if (!host || (user && (!container->root->uids || container->root->rootless)))
            continue; /* where the store has no user namespace there is none to leave */
        container->host_userns |= user;
        add_host_namespace(reader, known[i].type, path, known[i].word, known[i].rule);
    }
}

/* --- capabilities --- */

static struct lt_str without_prefix(struct lt_str name)
{
    return lt_str_starts(name, LT_STR("CAP_")) ? lt_str_skip(name, 4) : name;
}

/* Whatever is in one of the sets can be had: the bounding set limits what a setuid program gets, and the ambient one is
 * kept by ordinary users. */
static void find_capabilities(struct reader *reader)
{
    static const char *const sets[] = {"bounding", "effective", "permitted", "inheritable", "ambient"};
    const struct json_t *capabilities = lt_json_at(reader->oci->spec, "process.capabilities");
    struct lt_arena *scratch = reader->oci->ctx->scratch;
    struct lt_map seen = {0};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const struct json_t *list = lt_json_at(capabilities, sets[i]);
        for (size_t j = 0; j < lt_json_count(list); j++) {
            struct lt_str name = without_prefix(lt_json_str(lt_json_item(list, j), ""));
            if (!name.len || lt_map_get(&seen, name))
                continue;
            lt_map_put(&seen, scratch, name, reader);
            lt_fact_add(&reader->capabilities, scratch, "", name);
        }
    }
}

static void add_capability(struct reader *reader, struct lt_str name)
{
    struct lt_exposure finding = lt_exposure_capability(name, setting_of(reader, "process.capabilities", name));
    if (finding.severity == LT_SEV_none) /* given by default */
        return;
    add_privilege(reader, "cap_add=", name);
    add_finding(reader, finding);
}

static bool has_all_capabilities(const struct reader *reader)
{
    return reader->capabilities.count >= ALL_CAPABILITIES;
}

static void read_capabilities(struct reader *reader)
{
    if (has_all_capabilities(reader)) {
        add_capability(reader, LT_STR("ALL"));
        return;
    }
    lt_each (const struct lt_str, name, &reader->capabilities)
        add_capability(reader, *name);
}

/* --- devices --- */

/* A device, or a rule for devices, of which what is absent means all. */
static struct device read_device(const struct json_t *item)
{
    struct lt_str type = lt_json_str(item, "type");
    struct device device = {.type = type.len ? type.ptr[0] : 'a', .access = lt_json_str(item, "access")};
    if (!lt_json_int(item, "major", &device.major))
        device.major = -1;
    if (!lt_json_int(item, "minor", &device.minor))
        device.minor = -1;
    return device;
}

static void add_number(struct lt_buf *out, int64_t number)
{
    if (number < 0)
        lt_buf_char(out, '*');
    else
        lt_buf_int(out, number);
}

/* "b 8:0", as in the rules of the kernel (Documentation/admin-guide/cgroup-v1/devices.rst). In scratch. */
static struct lt_str device_text(struct reader *reader, const struct device *device)
{
    struct lt_buf text = {0};
    lt_buf_printf(&text, "%c ", device->type);
    add_number(&text, device->major);
    lt_buf_char(&text, ':');
    add_number(&text, device->minor);
    struct lt_str kept = lt_str_dup(reader->oci->ctx->scratch, lt_buf_view(&text));
    lt_buf_free(&text);
    return kept;
}

/* null, zero, full, random, urandom; tty, console, ptmx; pseudo-terminals (runtime-spec config-linux.md). */
static bool is_default_device(const struct device *device)
{
    if (device->type != 'c')
        return false;
    if (device->major == 1)
        return device->minor == 3 || device->minor == 5 || device->minor == 7 || device->minor == 8 ||
               device->minor == 9;
    return device->major == 136 || (device->major == 5 && device->minor >= 0 && device->minor <= 2);
}

static bool is_all(const struct device *device)
{
    return device->type == 'a' && device->major < 0 && device->minor < 0;
}

/* To make a device node without reading or writing it is harmless, and a default. */
static bool is_harmless(const struct device *rule)
{
    for (size_t i = 0; i < rule->access.len; i++)
        if (rule->access.ptr[i] != 'm')
            return false;
    return true;
}

/* Rules are applied in their order, beginning with one that denies all. */
static void find_rules(struct reader *reader)
{
    const struct json_t *list = lt_json_at(reader->isolation, "resources.devices");
    for (size_t i = 0; i < lt_json_count(list); i++) {
        const struct json_t *item = lt_json_item(list, i);
        struct device rule = read_device(item);
        if (!lt_json_bool(item, "allow")) {
            if (is_all(&rule))
                reader->rules.count = 0;
            continue;
        }
        if (is_default_device(&rule) || is_harmless(&rule))
            continue;
        struct device *kept = lt_new(reader->oci->ctx->scratch, struct device);
        *kept = rule;
        lt_list_add(&reader->rules, reader->oci->ctx->scratch, kept);
    }
}

static bool allows_all_devices(const struct reader *reader)
{
    lt_each (const struct device, rule, &reader->rules)
        if (is_all(rule))
            return true;
    return false;
}

/* The path is that in the container. So the kind of a device follows from its numbers (Linux
 * Documentation/admin-guide/devices.txt): block devices are disks, 1:1, 1:2 and 1:4 memory and I/O ports. */
static enum lt_rule rule_of(const struct device *device, struct lt_str path)
{
    bool memory =
        device->type == 'c' && device->major == 1 && (device->minor == 1 || device->minor == 2 || device->minor == 4);
    return device->type == 'b' || memory || lt_is_disk(path) ? LT_RULE_DISK : LT_RULE_DEVICE;
}

/* A device that is listed comes with a rule that allows it, which says nothing more. */
static void read_devices(struct reader *reader)
{
    const struct json_t *list = lt_json_at(reader->isolation, "devices");
    struct lt_map listed = {0};
    for (size_t i = 0; i < lt_json_count(list); i++) {
        struct device device = read_device(lt_json_item(list, i));
        struct lt_str path = lt_json_str(lt_json_item(list, i), "path"), text = device_text(reader, &device);
        if (is_default_device(&device))
            continue;
        lt_map_put(&listed, reader->oci->ctx->scratch, text, reader);
        add_privilege(reader, "device=", path);
        add_finding(reader, lt_exposure_of(rule_of(&device, path),
                                           lt_str_format(reader->oci->ctx->run, "linux.devices=%.*s %.*s", LT_ARG(path),
                                                         LT_ARG(text))));
    }
    lt_each (const struct device, rule, &reader->rules) {
        struct lt_str text = device_text(reader, rule);
        if (lt_map_get(&listed, text))
            continue;
        text = lt_str_format(reader->oci->ctx->scratch, "%.*s %.*s", LT_ARG(text), LT_ARG(rule->access));
        add_privilege(reader, "device_rule=", text);
        add_finding(reader, lt_exposure_of(LT_RULE_DEVICE_RULE, setting_of(reader, "linux.resources.devices", text)));
    }
}

/* --- the rest --- */

/* A profile that allows what it does not name, and names nothing, is none. */
static bool has_seccomp(const struct reader *reader)
{
    const struct json_t *profile = lt_json_at(reader->isolation, "seccomp");
    return lt_json_is_object(profile) && (lt_json_count(lt_json_at(profile, "syscalls")) ||
                                          !lt_str_eq(lt_json_str(profile, "defaultAction"), LT_STR("SCMP_ACT_ALLOW")));
}

static bool has_masked_paths(const struct reader *reader)
{
    return lt_json_count(lt_json_at(reader->isolation, "maskedPaths"));
}

/* Most hosts lack AppArmor or SELinux. So an absent profile tells nothing, and an absent label neither. */
static void read_security(struct reader *reader)
{
    struct lt_str profile = lt_json_str(reader->oci->spec, "process.apparmorProfile");
    if (!has_seccomp(reader)) {
        add_privilege(reader, "seccomp=unconfined", LT_STR(""));
        add_finding(reader, lt_exposure_of(LT_RULE_SECCOMP, LT_STR("no linux.seccomp")));
    }
    if (lt_str_eq(profile, LT_STR("unconfined"))) {
        add_privilege(reader, "apparmor=unconfined", LT_STR(""));
        add_finding(reader, lt_exposure_of(LT_RULE_APPARMOR, LT_STR("process.apparmorProfile=unconfined")));
    }
    if (!has_masked_paths(reader)) {
        add_privilege(reader, "systempaths=unconfined", LT_STR(""));
        add_finding(reader, lt_exposure_of(LT_RULE_SYSTEM_PATHS, LT_STR("no linux.maskedPaths")));
    }
}

static bool is_privileged(const struct reader *reader)
{
    struct lt_str profile = lt_json_str(reader->oci->spec, "process.apparmorProfile");
    return has_all_capabilities(reader) && allows_all_devices(reader) && !has_seccomp(reader) &&
           !has_masked_paths(reader) && !lt_json_count(lt_json_at(reader->isolation, "readonlyPaths")) &&
           (!profile.len || lt_str_eq(profile, LT_STR("unconfined")));
}

void lt_oci_read_privileges(struct lt_oci *oci)
{
    struct reader reader = {.oci = oci, .isolation = lt_json_at(oci->spec, "linux")};
    find_capabilities(&reader);
    find_rules(&reader);
    bool privileged = is_privileged(&reader);
    if (privileged) {
        add_privilege(&reader, "privileged", LT_STR(""));
        add_finding(&reader, lt_exposure_of(LT_RULE_PRIVILEGED, LT_STR("all capabilities and devices, no seccomp, no "
                                                                       "masked paths")));
        oci->container->tags |= LT_TAG_BIT(privileged);
    }
    read_namespaces(&reader);
    if (!privileged) {
        read_capabilities(&reader);
        read_security(&reader);
        read_devices(&reader);
    }
    lt_exposure_add_mounts(oci->ctx, oci->container);
}
