// SPDX-License-Identifier: Apache-2.0
#include "runtime/oci_spec.h"

#include "clock/zones.h"
#include "parse/json.h"
#include "runtime/oci_parts.h"

static void read_command(struct lt_oci *oci)
{
    const struct json_t *args = lt_json_at(oci->spec, "process.args");
    struct lt_buf line = {0};
    lt_buf_add(&line, lt_json_str(lt_json_item(args, 0), ""));
    for (size_t i = 1; i < lt_json_count(args); i++)
        lt_command_add_argument(&line, lt_json_str(lt_json_item(args, i), ""));
    lt_facts_text(oci->facts, LT_ATTR_COMMAND, lt_buf_view(&line));
    lt_buf_free(&line);
}

static void read_zone(struct lt_oci *oci)
{
    const struct json_t *env = lt_json_at(oci->spec, "process.env");
    for (size_t i = 0; i < lt_json_count(env); i++) {
        struct lt_str value = lt_json_str(lt_json_item(env, i), "");
        if (lt_str_starts(value, LT_STR("TZ=")))
            lt_zone_set_environment(oci->ctx, oci->container, lt_str_skip(value, 3), "process.env");
    }
}

/* Programs that the runtime runs on the host, as root, when the container starts or ends. */
static void read_hooks(struct lt_oci *oci)
{
    struct lt_str when;
    const struct json_t *list;
    for (void *iter = NULL; lt_json_next(lt_json_at(oci->spec, "hooks"), &iter, &when, &list);)
        for (size_t i = 0; i < lt_json_count(list); i++) {
            struct lt_str program = lt_json_str(lt_json_item(list, i), "path");
            lt_facts_item(oci->facts, LT_ATTR_FACTS, "hook %.*s runs %.*s on the host", LT_ARG(when), LT_ARG(program));
        }
}

static bool has_labels(const struct lt_facts *facts)
{
    for (size_t i = 0; i < facts->count; i++)
        if (facts->attrs[i].key == LT_ATTR_LABELS)
            return true;
    return false;
}

static void read_annotations(struct lt_oci *oci)
{
    struct lt_str key;
    const struct json_t *value;
    if (has_labels(oci->facts))
        return;
    for (void *iter = NULL; lt_json_next(lt_json_at(oci->spec, "annotations"), &iter, &key, &value);)
        lt_facts_item(oci->facts, LT_ATTR_LABELS, "%.*s=%.*s", LT_ARG(key), LT_ARG(lt_json_str(value, "")));
}

static void read_facts(struct lt_oci *oci)
{
    const struct json_t *spec = oci->spec;
    struct lt_facts *facts = oci->facts;
    int64_t uid, gid;
    lt_fact(facts, "hostname", lt_json_str(spec, "hostname"));
    lt_fact(facts, "working directory", lt_json_str(spec, "process.cwd"));
    if (lt_json_int(spec, "process.user.uid", &uid) && lt_json_int(spec, "process.user.gid", &gid))
        lt_facts_item(facts, LT_ATTR_FACTS, "user %jd:%jd", (intmax_t)uid, (intmax_t)gid);
    lt_fact(facts, "root directory", lt_json_str(spec, "root.path"));
    if (lt_json_bool(spec, "root.readonly"))
        lt_facts_item(facts, LT_ATTR_FACTS, "root directory is read-only");
    if (lt_json_bool(spec, "process.noNewPrivileges"))
        lt_facts_item(facts, LT_ATTR_FACTS, "no new privileges");
    lt_fact(facts, "AppArmor profile", lt_json_str(spec, "process.apparmorProfile"));
    lt_fact(facts, "SELinux label", lt_json_str(spec, "process.selinuxLabel"));
}

static bool read_id(const struct json_t *range, const char *field, uint32_t *id)
{
    int64_t number;
    bool fits = lt_json_int(range, field, &number) && number >= 0 && number <= UINT32_MAX;
    *id = fits ? (uint32_t)number : 0;
    return fits;
}

/* Add a range. A rootless runtime is in a user namespace itself, where its "host" is. False: it maps nothing. */
static bool add_range(const struct lt_root *root, bool group, struct lt_idmap *map, const struct json_t *item)
{
    const struct lt_idmap *outer = !root->rootless ? NULL : group ? root->gids : root->uids;
    uint32_t inside, first, count;
    size_t before = map->count;
    read_id(item, "containerID", &inside); /* 0 is left out */
    if (!read_id(item, "hostID", &first) || !read_id(item, "size", &count))
        return false;
    if (outer)
        lt_idmap_add_nested(map, outer, inside, first, count);
    else
        lt_idmap_add_at(map, inside, first, count);
    return map->count > before;
}

/* The map in `field`; NULL if there is none, or if it lies in a namespace whose own map is unknown. */
static struct lt_idmap *read_idmap(struct lt_oci *oci, const char *field, bool group)
{
    const struct json_t *list = lt_json_at(oci->spec, field);
    const struct lt_root *root = oci->container->root;
    if (!lt_json_count(list) || (root->rootless && !(group ? root->gids : root->uids)))
        return NULL;
    struct lt_idmap *map = lt_new(oci->ctx->run, struct lt_idmap);
    for (size_t i = 0; i < lt_json_count(list); i++)
        if (!add_range(root, group, map, lt_json_item(list, i)))
            lt_skip(oci->ctx, oci->path, LT_CODE_DAMAGED, "%s: item %zu maps no IDs", field, i);
    for (size_t i = 0; i < map->count; i++)
        lt_facts_item(oci->facts, LT_ATTR_FACTS, "%s IDs %u to %u are %u to %u on the host", group ? "group" : "user",
                      map->ranges[i].inside, map->ranges[i].inside + map->ranges[i].count - 1, map->ranges[i].first,
                      map->ranges[i].first + map->ranges[i].count - 1);
    return map;
}

static void add_limit(struct lt_oci *oci, const char *word, struct lt_str value)
{
    lt_fact_add(&oci->container->limits, oci->ctx->run, word, value);
}

/* Add the number at `path`, called `word`, as a limit unless it is 0. Returns whether it is greater than 0: -1 lifts a
 * limit. */
static bool read_limit(struct lt_oci *oci, const struct json_t *node, const char *word)
{
    int64_t number;
    if (!lt_json_int(node, word, &number) || !number)
        return false;
    add_limit(oci, word, lt_str_format(oci->ctx->scratch, "=%jd", (intmax_t)number));
    return number > 0;
}

static void read_rlimits(struct lt_oci *oci)
{
    const struct json_t *list = lt_json_at(oci->spec, "process.rlimits");
    for (size_t i = 0; i < lt_json_count(list); i++) {
        const struct json_t *item = lt_json_item(list, i);
        struct lt_str name = lt_json_str(item, "type");
        int64_t soft, hard;
        if (lt_json_int(item, "soft", &soft) && lt_json_int(item, "hard", &hard))
            add_limit(oci, "",
                      lt_str_format(oci->ctx->scratch, "%.*s=%jd:%jd", LT_ARG(name), (intmax_t)soft, (intmax_t)hard));
    }
}

/* cgroupsPath is "/parent/name", or "slice:prefix:name" for systemd (runc docs/systemd.md). */
static void read_cgroup(struct lt_oci *oci)
{
    struct lt_str path = lt_json_str(oci->spec, "linux.cgroupsPath"), rest = path;
    struct lt_str slice = lt_str_cut(&rest, ':');
    struct lt_str parent = rest.len ? slice : lt_str_dirname(path);
    oci->container->cgroup_parent = lt_str_dup(oci->ctx->run, parent);
    if (path.len)
        add_limit(oci, "cgroupsPath=", path);
}

static void read_limits(struct lt_oci *oci)
{
    static const char *const numbers[] = {"memory.reservation", "memory.swap", "memory.kernel", "cpu.shares",
                                          "cpu.quota",          "cpu.period",  "blockIO.weight"};
    static const char *const texts[] = {"cpu.cpus", "cpu.mems"};
    const struct json_t *resources = lt_json_at(oci->spec, "linux.resources");
    bool memory = read_limit(oci, resources, "memory.limit"), processes = read_limit(oci, resources, "pids.limit");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        read_limit(oci, resources, numbers[i]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lt_str value = lt_json_str(resources, texts[i]);
        if (value.len)
            add_limit(oci, texts[i], lt_str_format(oci->ctx->scratch, "=%.*s", LT_ARG(value)));
    }
    if (lt_json_bool(resources, "memory.disableOOMKiller"))
        add_limit(oci, "memory.disableOOMKiller=true", LT_STR(""));
    read_limit(oci, lt_json_at(oci->spec, "process"), "oomScoreAdj");
    read_rlimits(oci);
    read_cgroup(oci);
    if (!memory)
        add_limit(oci, "no limit of memory", LT_STR(""));
    if (!processes)
        add_limit(oci, "no limit of processes", LT_STR(""));
    oci->container->limits_known = true;
    oci->container->unlimited = !memory || !processes;
}

void lt_oci_spec_read(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *spec, struct lt_str path,
                      struct lt_facts *facts)
{
    struct lt_oci oci = {ctx, container, spec, path, facts};
    if (!lt_json_is_object(spec)) {
        lt_skip(ctx, path, LT_CODE_DAMAGED, "no specification of a container: not a JSON object");
        return;
    }
    read_command(&oci);
    read_zone(&oci);
    read_annotations(&oci);
    read_facts(&oci);
    read_hooks(&oci);
    lt_oci_read_mounts(&oci);
    if (!lt_json_is_object(lt_json_at(spec, "linux"))) /* of Windows, or of a virtual machine */
        return;
    container->uids = read_idmap(&oci, "linux.uidMappings", false);
    container->gids = read_idmap(&oci, "linux.gidMappings", true);
    lt_oci_read_privileges(&oci);
    read_limits(&oci);
}
