// SPDX-License-Identifier: Apache-2.0
/* Control groups that the host's administrator configured: groups in /etc/cgconfig.conf and /etc/cgconfig.d, rules in
 * /etc/cgrules.conf and /etc/cgrules.d. A group belongs to a container if its path contains the ID, alone or as
 * "docker-<ID>.scope" (moby daemon/oci_linux.go). Containers for which the group or one above it is the CgroupParent
 * are listed as facts. The time is the file's mtime, which is claimed. */
#include "host/daemon_settings.h"

#include "parse/cgconfig.h"
#include "parse/ident.h"

#include <limits.h>

enum { SHORT_ID = 12, LONG_ID = 64, MAX_NAMED = 16 };

struct reader {
    struct lt_daemon daemon;
    const struct lt_evidence *evidence;
    struct lt_map parents; /* CgroupParent, without slashes at either end -> struct lt_list of struct lt_container * */
};

static struct lt_str without_slashes(struct lt_str path)
{
    while (lt_str_starts(path, LT_STR("/")))
        path = lt_str_skip(path, 1);
    while (lt_str_ends(path, LT_STR("/")))
        path.len--;
    return path;
}

static void find_parents(struct reader *reader)
{
    struct lt_arena *scratch = reader->daemon.ctx->scratch;
    const struct lt_ctx *ctx = reader->daemon.ctx;
    lt_each (const struct lt_root, root, &ctx->inventory->roots)
        lt_each (const struct lt_container, container, &root->containers) {
            struct lt_str parent = without_slashes(container->cgroup_parent);
            if (!parent.len || !lt_hosts_may_be_one(root->host, ctx->host))
                continue;
            struct lt_list *users = lt_map_get(&reader->parents, parent);
            if (!users) {
                users = lt_new(scratch, struct lt_list);
                *users = (struct lt_list){0};
                lt_map_put(&reader->parents, scratch, parent, users);
            }
            lt_list_add(users, scratch, container);
        }
}

/* The ID in a path component: "<ID>", "docker-<ID>.scope", or a prefix of an ID; "" if there is none. */
static struct lt_str id_in(struct lt_str name)
{
    if (lt_str_starts(name, LT_STR("docker-")))
        name = lt_str_skip(name, strlen("docker-"));
    if (lt_str_ends(name, LT_STR(".scope")))
        name.len -= strlen(".scope");
    for (size_t i = 0; i < name.len; i++)
        if (!((name.ptr[i] >= '0' && name.ptr[i] <= '9') || (name.ptr[i] >= 'a' && name.ptr[i] <= 'f')))
            return LT_STR("");
    return name.len >= SHORT_ID && name.len <= LONG_ID ? name : LT_STR("");
}

/* The container with this ID, or the only one whose ID begins with `id`; NULL if there is none, or more than one. */
static const struct lt_container *find_container(const struct reader *reader, struct lt_str id)
{
    const struct lt_container *found = NULL;
    const struct lt_ctx *ctx = reader->daemon.ctx;
    lt_each (const struct lt_root, root, &ctx->inventory->roots) {
        if (!lt_hosts_may_be_one(root->host, ctx->host))
            continue;
        if (id.len == LONG_ID) {
            const struct lt_container *container = lt_map_get(&root->container_by_id, id);
            found = container ? container : found;
            continue;
        }
        lt_each (const struct lt_container, container, &root->containers) {
            if (!lt_str_starts(container->id, id))
                continue;
            if (found)
                return NULL;
            found = container;
        }
    }
    return found;
}

static void add_users(const struct lt_list *users, struct lt_facts *facts)
{
    size_t count = 0;
    lt_each (const struct lt_container, container, users)
        if (count++ < MAX_NAMED)
            lt_facts_item(facts, LT_ATTR_FACTS, "parent of container %.*s", LT_ARG(container->id));
    if (count > MAX_NAMED)
        lt_facts_item(facts, LT_ATTR_FACTS, "and of %zu more", count - MAX_NAMED);
}

/* Set `owner` if the group is a container's. What is known of other containers is added to `facts`. */
static void find_owner(const struct reader *reader, struct lt_str group, const struct lt_owner **owner,
                       struct lt_facts *facts)
{
    struct lt_str whole = without_slashes(group);
    for (struct lt_str rest = whole; rest.len;) {
        struct lt_str name = lt_str_cut(&rest, '/'), id = id_in(name);
        struct lt_str so_far = {whole.ptr, (size_t)(name.ptr + name.len - whole.ptr)};
        const struct lt_list *users = lt_map_get(&reader->parents, so_far);
        const struct lt_container *container = id.len ? find_container(reader, id) : NULL;
        if (container)
            *owner = &container->owner;
        else if (id.len == LONG_ID)
            lt_facts_item(facts, LT_ATTR_FACTS, "container %.*s, which is not there", LT_ARG(id));
        if (users)
            add_users(users, facts);
    }
}

/* Emit a row for a group or a rule. A path that is too long for the kernel is reported instead. */
static enum lt_status emit(struct reader *reader, const struct lt_origin *origin, struct lt_str group, unsigned line,
                           struct lt_facts *facts, struct lt_err *err)
{
    if (group.len > PATH_MAX) { /* because each prefix of it is looked up */
        lt_skip(reader->daemon.ctx, origin->path, LT_CODE_TOO_LARGE, "line %u: a group's path of more than %d bytes",
                line, PATH_MAX);
        return LT_OK;
    }
    struct lt_event event = {
        .kind = LT_KIND_HOST_LIMITS,
        .time = {origin->written},
        .owner = reader->daemon.owner,
        .where = {.file = origin->path, .field = "mtime"},
    };
    lt_facts_item(facts, LT_ATTR_FACTS, "line %u", line);
    find_owner(reader, group, &event.owner, facts);
    return lt_facts_emit(facts, reader->daemon.ctx, &event, err);
}

static struct lt_facts begin(struct reader *reader, const char *action, struct lt_str group)
{
    struct lt_facts facts = {.arena = reader->daemon.ctx->scratch};
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(action));
    lt_fact(&facts, "group", group);
    return facts;
}

static void report(struct reader *reader, const struct lt_origin *origin, unsigned bad, unsigned first)
{
    if (bad)
        lt_skip(reader->daemon.ctx, origin->path, LT_CODE_DAMAGED, "%u places that are not understood, first: line %u",
                bad, first);
}

static enum lt_status read_groups(struct reader *reader, struct lt_str path, struct lt_err *err)
{
    struct lt_cg_text config = {0};
    struct lt_origin *origin;
    struct lt_cg_line line, group = {0};
    struct lt_facts facts = {0};
    unsigned bad = 0, first = 0;
    if (lt_daemon_read(&reader->daemon, path, LT_RULE_CONFIGURED, &config.rest, &origin) != LT_OK)
        return LT_OK;
    enum lt_status status = LT_OK;
    for (enum lt_status next; status == LT_OK && (next = lt_cg_next(&config, &line)) != LT_END;) {
        first = next == LT_SKIP && !bad++ ? line.line : first;
        if (next == LT_SKIP)
            continue;
        if (!line.controller.len) {
            if (group.group.len)
                status = emit(reader, origin, group.group, group.line, &facts, err);
            group = line;
            facts = begin(reader, "configure a control group", line.group);
        } else if (line.key.len) {
            lt_facts_item(&facts, LT_ATTR_FACTS, "%.*s=%.*s", LT_ARG(line.key), LT_ARG(line.value));
        } else {
            lt_fact(&facts, "controller", line.controller);
        }
    }
    if (status == LT_OK && group.group.len)
        status = emit(reader, origin, group.group, group.line, &facts, err);
    report(reader, origin, bad, first);
    return status;
}

static enum lt_status read_rules(struct reader *reader, struct lt_str path, struct lt_err *err)
{
    struct lt_str text;
    struct lt_origin *origin;
    struct lt_cg_rule rule;
    unsigned line = 0, bad = 0, first = 0;
    if (lt_daemon_read(&reader->daemon, path, LT_RULE_CONFIGURED, &text, &origin) != LT_OK)
        return LT_OK;
    enum lt_status status = LT_OK;
    for (enum lt_status next; status == LT_OK && (next = lt_cg_rule_next(&text, &line, &rule)) != LT_END;) {
        first = next == LT_SKIP && !bad++ ? rule.line : first;
        if (next == LT_SKIP)
            continue;
        struct lt_facts facts = begin(reader, "put processes into a control group", rule.group);
        lt_fact(&facts, "of", rule.who);
        lt_fact(&facts, "controllers", rule.controllers);
        status = emit(reader, origin, rule.group, rule.line, &facts, err);
    }
    report(reader, origin, bad, first);
    return status;
}

/* Read the file, and all files in the directory beside it. */
static enum lt_status read_all(struct reader *reader, struct lt_str file, struct lt_str directory,
                               enum lt_status (*read)(struct reader *, struct lt_str, struct lt_err *),
                               struct lt_err *err)
{
    struct lt_ctx *ctx = reader->daemon.ctx;
    struct lt_listing listing;
    struct lt_str real;
    enum lt_status status = read(reader, file, err);
    if (lt_resolve_or_skip(ctx, directory, &real) != LT_OK)
        return status;
    lt_list_or_skip(ctx, real, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++)
        if (!S_ISDIR(listing.nodes[i].mode))
            status = read(reader, lt_path_join(ctx->scratch, real, listing.nodes[i].name), err);
    return status;
}

static enum lt_status cgroup_config_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct reader reader = {.daemon = {.ctx = ctx, .owner = &ctx->host->owner}};
    find_parents(&reader);
    enum lt_status status =
        read_all(&reader, LT_STR("/etc/cgconfig.conf"), LT_STR("/etc/cgconfig.d"), read_groups, err);
    if (status == LT_OK)
        status = read_all(&reader, LT_STR("/etc/cgrules.conf"), LT_STR("/etc/cgrules.d"), read_rules, err);
    return status;
}

const struct lt_source lt_source_cgroup_config = {
    .name = "cgroup_config",
    .summary = "/etc/cgconfig.conf, /etc/cgrules.conf: control groups of containers",
    .scope = LT_PER_FS,
    .stage = LT_STAGE_SETTINGS,
    .events = cgroup_config_events,
};
