// SPDX-License-Identifier: Apache-2.0
#include "host/exposure.h"

#include "parse/redact.h"

#include <strings.h>

static const struct {
    enum lt_severity severity;
    lt_tags tags;
    const char *action, *why;
} RULES[LT_RULES] = {
#define RULE(id, severity, tag, action, why) {LT_SEV_##severity, LT_TAG_BIT(exposure) | (tag), action, why},
#include "host/exposure.def"
};

static const lt_tags SEVERITY_TAGS[] = {
    0,
    LT_TAG_BIT(severity_info),
    LT_TAG_BIT(severity_low),
    LT_TAG_BIT(severity_medium),
    LT_TAG_BIT(severity_high),
    LT_TAG_BIT(severity_critical),
};

static const struct capability {
    const char *name;
    enum lt_severity severity;
    const char *why;
} CAPABILITIES[] = {
#define CAPABILITY(name, severity, why) {name, LT_SEV_##severity, why},
#include "host/exposure.def"
};

static const struct host_path {
    const char *path;
    enum lt_severity at[2], below[2]; /* writable, read-only */
    const char *why;
} HOST_PATHS[] = {
#define HOST_PATH(path, at_rw, at_ro, below_rw, below_ro, why)                                                         \
    {path, {LT_SEV_##at_rw, LT_SEV_##at_ro}, {LT_SEV_##below_rw, LT_SEV_##below_ro}, why},
#include "host/exposure.def"
};

struct lt_exposure lt_exposure_of(enum lt_rule rule, struct lt_str setting)
{
    return (struct lt_exposure){rule, RULES[rule].severity, RULES[rule].why, setting};
}

struct lt_exposure lt_exposure_capability(struct lt_str name, struct lt_str setting)
{
    struct lt_exposure finding = {LT_RULE_CAPABILITY, name.len ? LT_SEV_low : LT_SEV_none, "it is not given by default",
                                  setting};
    if (name.len > 4 && strncasecmp(name.ptr, "CAP_", 4) == 0)
        name = lt_str_skip(name, 4);
    for (size_t i = 0; i < sizeof CAPABILITIES / sizeof *CAPABILITIES; i++) {
        const struct capability *known = &CAPABILITIES[i];
        if (strlen(known->name) == name.len && strncasecmp(known->name, name.ptr, name.len) == 0) {
            finding.severity = known->severity;
            finding.why = known->why;
        }
    }
    return finding;
}

bool lt_is_engine_socket(struct lt_str path)
{
    static const char *const sockets[] = {"docker.sock", "containerd.sock", "podman.sock",
                                          "crio.sock",   "dockershim.sock", "buildkitd.sock"};
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        if (lt_str_eq(lt_str_basename(path), lt_str_c(sockets[i])))
            return true;
    return false;
}

/* Is `path` the directory `above`, or below it? */
static bool is_within(struct lt_str path, struct lt_str above)
{
    if (lt_str_eq(above, LT_STR("/")))
        return true;
    return lt_str_starts(path, above) && (path.len == above.len || path.ptr[above.len] == '/');
}

/* The longest path in the table that is `source` or contains it. */
static const struct host_path *nearest(struct lt_str source)
{
    const struct host_path *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < sizeof HOST_PATHS / sizeof *HOST_PATHS; i++) {
        size_t length = strlen(HOST_PATHS[i].path);
        if (length > longest && is_within(source, lt_str_c(HOST_PATHS[i].path))) {
            found = &HOST_PATHS[i];
            longest = length;
        }
    }
    return found;
}

struct lt_exposure lt_exposure_mount(struct lt_str source, bool writable, struct lt_str setting)
{
    struct lt_exposure finding = {LT_RULE_HOST_PATH, LT_SEV_none, "", setting};
    if (lt_is_engine_socket(source))
        return lt_exposure_of(LT_RULE_SOCKET, setting);
    if (!source.len || source.ptr[0] != '/')
        return finding;
    while (source.len > 1 && source.ptr[source.len - 1] == '/')
        source.len--;
    if (is_within(source, LT_STR("/var/run"))) /* /var/run has long been a link to /run */
        source = lt_str_skip(source, strlen("/var"));
    const struct host_path *known = nearest(source);
    bool itself = strlen(known->path) == source.len;
    finding.severity = (itself ? known->at : known->below)[!writable];
    finding.why = known->why;
    for (size_t i = 0; i < sizeof HOST_PATHS / sizeof *HOST_PATHS; i++) {
        known = &HOST_PATHS[i];
        if (!is_within(lt_str_c(known->path), source) || known->at[!writable] <= finding.severity)
            continue;
        finding.severity = known->at[!writable];
        finding.why = known->why;
    }
    return finding;
}

bool lt_is_disk(struct lt_str path)
{
    static const char *const disks[] = {
        "/dev/sd",      "/dev/hd",    "/dev/vd",   "/dev/xvd", "/dev/nvme", "/dev/mmcblk", "/dev/dm-",  "/dev/md",
        "/dev/mapper/", "/dev/disk/", "/dev/loop", "/dev/nbd", "/dev/root", "/dev/mem",    "/dev/kmem", "/dev/port"};
    for (size_t i = 0; i < sizeof disks / sizeof *disks; i++)
        if (lt_str_starts(path, lt_str_c(disks[i])))
            return true;
    return false;
}

void lt_exposure_add(struct lt_ctx *ctx, struct lt_container *container, struct lt_exposure finding)
{
    if (finding.severity == LT_SEV_none)
        return;
    struct lt_exposure *kept = lt_new(ctx->run, struct lt_exposure);
    *kept = finding;
    lt_list_add(&container->findings, ctx->run, kept);
}

static void tag_mount(struct lt_container *container, struct lt_str source)
{
    container->tags |= LT_TAG_BIT(host_mount) | (lt_is_engine_socket(source) ? LT_TAG_BIT(docker_socket) : 0);
}

/* A volume of the local driver may be a bind of a host path. */
static void add_volume(struct lt_ctx *ctx, struct lt_container *container, const struct lt_mount *mount)
{
    const struct lt_volume *volume = lt_map_get(&container->root->volume_by_name, mount->name);
    if (!volume || !volume->device_is_path)
        return;
    struct lt_str source = volume->device;
    struct lt_buf shown = {0};
    if (mount->subpath.len)
        source = lt_path_join(ctx->run, source, mount->subpath);
    bool writable = mount->writable && !volume->device_read_only;
    tag_mount(container, source);
    lt_redact(&shown, source);
    struct lt_str setting =
        lt_str_format(ctx->run, "volume %.*s of %.*s -> %.*s %s", LT_ARG(mount->name), LT_ARG(lt_buf_view(&shown)),
                      LT_ARG(mount->destination), writable ? "rw" : "ro");
    lt_buf_free(&shown);
    lt_exposure_add(ctx, container, lt_exposure_mount(source, writable, setting));
}

/* A file system that the runtime mounts from a disk. */
static void add_disk(struct lt_ctx *ctx, struct lt_container *container, const struct lt_mount *mount)
{
    struct lt_str setting = lt_str_format(ctx->run, "%.*s %.*s -> %.*s %s", LT_ARG(mount->type), LT_ARG(mount->source),
                                          LT_ARG(mount->destination), mount->writable ? "rw" : "ro");
    lt_exposure_add(ctx, container, lt_exposure_of(LT_RULE_DISK, setting));
}

static void add_bind(struct lt_ctx *ctx, struct lt_container *container, const struct lt_mount *mount)
{
    struct lt_str setting = lt_str_format(ctx->run, "bind %.*s -> %.*s %s", LT_ARG(mount->source),
                                          LT_ARG(mount->destination), mount->writable ? "rw" : "ro");
    tag_mount(container, mount->source);
    lt_exposure_add(ctx, container, lt_exposure_mount(mount->source, mount->writable, setting));
}

void lt_exposure_add_mounts(struct lt_ctx *ctx, struct lt_container *container)
{
    lt_each (const struct lt_mount, mount, &container->mounts) {
        if (mount->own)
            continue;
        if (lt_str_eq(mount->type, LT_STR("volume")))
            add_volume(ctx, container, mount);
        else if (lt_str_eq(mount->type, LT_STR("bind")))
            add_bind(ctx, container, mount);
        else if (lt_is_disk(mount->source))
            add_disk(ctx, container, mount);
    }
}

struct lt_facts lt_exposure_facts(struct lt_ctx *ctx, const struct lt_exposure *finding)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(RULES[finding->rule].action));
    lt_fact(&facts, "setting", finding->setting);
    lt_fact(&facts, "because", lt_str_c(finding->why));
    return facts;
}

void lt_exposure_add_namespace(struct lt_facts *facts, const struct lt_container *container)
{
    if (container->root->rootless)
        lt_facts_item(facts, LT_ATTR_FACTS, "rootless daemon: root of the container is the daemon's user on the host");
    else if (container->uids || (container->root->uids && !container->host_userns))
        lt_facts_item(facts, LT_ATTR_FACTS, "user namespace: root of the container is an ordinary user on the host");
}

enum lt_status lt_exposure_emit(struct lt_ctx *ctx, const struct lt_exposure *finding, const struct lt_facts *facts,
                                struct lt_event *event, struct lt_err *err)
{
    event->tags |= SEVERITY_TAGS[finding->severity];
    if (finding->severity != LT_SEV_none)
        event->tags |= RULES[finding->rule].tags;
    return lt_facts_emit(facts, ctx, event, err);
}
