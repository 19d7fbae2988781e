// SPDX-License-Identifier: Apache-2.0
/* Mounts of an OCI specification. They are made in the order of the list, so of several at one place only the last is
 * seen. Options are flags of mount(8), of which the last counts, propagation, and data of the file system (runc
 * libcontainer/specconv/spec_linux.go).
 *
 * Left out are file systems without files of anybody, which every container has: proc, sysfs, cgroup, mqueue, devpts,
 * and the tmpfs at /dev. They hide what the layers have there, but so they do in Docker's records, which do not name
 * them. A tmpfs elsewhere counts: containerd mounts one at /run, where images and processes may have files. */
#include "parse/ident.h"
#include "parse/json.h"
#include "runtime/mount_list.h"
#include "runtime/oci_parts.h"

/* Directories that a runtime makes for one container or pod have its ID in their path. A person may choose a short ID
 * (ctr), such as that of a directory of the host. */
enum { LEAST_ID = 32, MAX_IDS = 6 };

/* The path as an absolute one without "." and "..", which ctr and others do not take out. A relative destination counts
 * from the root of the container, though runc warns of it. */
static struct lt_str clean(struct lt_arena *arena, struct lt_str path)
{
    char *out = lt_arena_alloc(arena, path.len + 2);
    size_t length = 0;
    while (path.len) {
        struct lt_str part = lt_str_cut(&path, '/');
        if (lt_str_eq(part, LT_STR(".."))) {
            while (length && out[--length] != '/')
                continue;
        } else if (part.len && !lt_str_eq(part, LT_STR("."))) {
            out[length++] = '/';
            memcpy(out + length, part.ptr, part.len);
            length += part.len;
        }
    }
    if (!length)
        out[length++] = '/';
    return (struct lt_str){out, length};
}

/* A source that is a path; else it is a word, as for a tmpfs. */
static struct lt_str source_of(struct lt_arena *arena, const struct json_t *item)
{
    struct lt_str source = lt_json_str(item, "source");
    return lt_str_starts(source, LT_STR("/")) ? clean(arena, source) : lt_str_dup(arena, source);
}

struct mounts {
    struct lt_mount_list list;
    struct lt_oci *oci;
    struct lt_map last;         /* by destination: the item of the last mount there */
    struct lt_str ids[MAX_IDS]; /* of the container, its sandbox and its pod; "" if unknown */
};

/* CRI's annotations (containerd internal/cri/annotations; cri-o internal/annotations). */
static void find_ids(struct mounts *mounts)
{
    static const char *const keys[] = {"io.kubernetes.cri.sandbox-id", "io.kubernetes.cri.sandbox-uid",
                                       "io.kubernetes.cri-o.SandboxID", "io.kubernetes.pod.uid"};
    const struct json_t *value;
    struct lt_str key;
    size_t count = 0;
    mounts->ids[count++] = mounts->oci->container->id;
    mounts->ids[count++] = mounts->oci->container->pod;
    for (void *iter = NULL; lt_json_next(lt_json_at(mounts->oci->spec, "annotations"), &iter, &key, &value);)
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (lt_str_eq(key, lt_str_c(keys[i])))
                mounts->ids[2 + i] = lt_json_str(value, "");
}

/* Is the source in a directory of the container or its pod? And if not, in one of any container? */
static bool is_of_container(const struct mounts *mounts, struct lt_str source, bool any)
{
    while (source.len) {
        struct lt_str part = lt_str_cut(&source, '/');
        if (any && lt_is_id(part))
            return true;
        for (size_t i = 0; i < MAX_IDS; i++)
            if (part.len >= LEAST_ID && lt_str_eq(part, mounts->ids[i]))
                return true;
    }
    return false;
}

/* Is it a file that the runtime mounts over that of the image? A container in the network of another has that one's. */
static bool is_automatic(const struct mounts *mounts, const struct lt_mount *mount)
{
    static const char *const places[] = {"/etc/hostname", "/etc/hosts",           "/etc/resolv.conf",
                                         "/dev/shm",      "/dev/termination-log", "/run/.containerenv"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (lt_str_eq(mount->destination, lt_str_c(places[i])))
            return !mount->source.len || is_of_container(mounts, mount->source, true);
    return false;
}

/* Split "<directory>/volumes/<...>/<name>/_data/<subpath>", where Docker, nerdctl and podman keep volumes. Those of
 * nerdctl have a namespace above the name, which is part of the name where two namespaces have it. */
static bool is_volume(const struct lt_root *root, struct lt_str source, struct lt_str *name, struct lt_str *subpath)
{
    const struct lt_str data = LT_STR("/_data"), above = LT_STR("/volumes/");
    const char *found = source.len ? memmem(source.ptr, source.len, data.ptr, data.len) : NULL;
    if (!found)
        return false;
    struct lt_str directory = {source.ptr, (size_t)(found - source.ptr)};
    struct lt_str rest = {found + data.len, source.len - directory.len - data.len};
    struct lt_str above_it = lt_str_dirname(lt_str_dirname(directory)),
                  whole = lt_str_skip(directory, above_it.len + 1);
    *name = lt_map_get(&root->volume_by_name, whole) ? whole : lt_str_basename(directory);
    *subpath = rest.len ? lt_str_skip(rest, 1) : rest;
    return (!rest.len || rest.ptr[0] == '/') && memmem(directory.ptr, directory.len, above.ptr, above.len);
}

/* Whose is what a bind mounts: the host's, unless the runtime made it. */
static void judge_source(const struct mounts *mounts, struct lt_mount *mount)
{
    struct lt_arena *run = mounts->oci->ctx->run;
    struct lt_str name, subpath;
    if (is_automatic(mounts, mount)) {
        mount->automatic = mount->own = true;
        mount->type = LT_STR("runtime");
    } else if (is_volume(mounts->oci->container->root, mount->source, &name, &subpath)) {
        mount->own = true;
        if (!lt_map_get(&mounts->oci->container->root->volume_by_name, name))
            return; /* its files are those of the host, as far as is known */
        mount->own = false;
        mount->type = LT_STR("volume");
        mount->name = lt_str_dup(run, name);
        mount->subpath = lt_str_dup(run, subpath);
    } else {
        mount->own = is_of_container(mounts, mount->source, false);
    }
}

/* What the options say besides data for the file system. */
struct options {
    bool bind, read_only, idmapped;
    struct lt_str propagation;
};

static struct options read_options(const struct json_t *list)
{
    struct options options = {.propagation = LT_STR("")};
    for (size_t i = 0; i < lt_json_count(list); i++) {
        struct lt_str word = lt_json_str(lt_json_item(list, i), "");
        options.bind |= lt_str_eq(word, LT_STR("bind")) || lt_str_eq(word, LT_STR("rbind"));
        options.idmapped |= lt_str_eq(word, LT_STR("idmap")) || lt_str_eq(word, LT_STR("ridmap"));
        if (lt_str_eq(word, LT_STR("ro")) || lt_str_eq(word, LT_STR("rro")))
            options.read_only = true;
        else if (lt_str_eq(word, LT_STR("rw")) || lt_str_eq(word, LT_STR("rrw")))
            options.read_only = false;
        else if (lt_str_ends(word, LT_STR("private")) || lt_str_ends(word, LT_STR("shared")) ||
                 lt_str_ends(word, LT_STR("slave")))
            options.propagation = word;
    }
    return options;
}

static bool is_left_out(struct lt_str type, struct lt_str destination)
{
    static const char *const types[] = {"proc", "sysfs", "cgroup", "cgroup2", "mqueue", "devpts"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (lt_str_eq(type, lt_str_c(types[i])))
            return true;
    return lt_str_eq(type, LT_STR("tmpfs")) && lt_str_eq(destination, LT_STR("/dev"));
}

static void read_mount(struct mounts *mounts, const struct json_t *item)
{
    struct lt_arena *run = mounts->oci->ctx->run;
    struct options options = read_options(lt_json_at(item, "options"));
    struct lt_str destination = lt_mount_place(clean(mounts->oci->ctx->scratch, lt_json_str(item, "destination")));
    struct lt_str type = options.bind ? LT_STR("bind") : lt_json_str(item, "type"); /* as runc takes it */
    bool tmpfs = lt_str_eq(type, LT_STR("tmpfs"));
    if (lt_map_get(&mounts->last, destination) != item || is_left_out(type, destination) ||
        lt_mount_list_is_full(&mounts->list))
        return;
    struct lt_mount mount = {
        .type = lt_str_dup(run, type),
        .source = tmpfs ? LT_STR("") : source_of(run, item),
        .destination = lt_str_dup(run, destination),
        .writable = !options.read_only,
        .idmapped = options.idmapped || lt_json_count(lt_json_at(item, "uidMappings")),
    };
    if (lt_str_eq(type, LT_STR("bind")))
        judge_source(mounts, &mount);
    else
        mount.automatic = is_automatic(mounts, &mount);
    lt_mount_list_add(&mounts->list, mount, options.propagation);
}

void lt_oci_read_mounts(struct lt_oci *oci)
{
    struct mounts mounts = {.list = {.ctx = oci->ctx, .container = oci->container}, .oci = oci};
    const struct json_t *list = lt_json_at(oci->spec, "mounts");
    find_ids(&mounts);
    for (size_t i = 0; i < lt_json_count(list); i++) {
        const struct json_t *item = lt_json_item(list, i);
        struct lt_str destination = lt_mount_place(clean(oci->ctx->scratch, lt_json_str(item, "destination")));
        lt_map_put(&mounts.last, oci->ctx->scratch, destination, (void *)(uintptr_t)item);
    }
    for (size_t i = 0; i < lt_json_count(list); i++)
        read_mount(&mounts, lt_json_item(list, i));
    lt_mount_list_end(&mounts.list, oci->path);
    lt_each (const struct lt_str, item, &mounts.list.items)
        lt_facts_item(oci->facts, LT_ATTR_MOUNTS, "%.*s", LT_ARG(*item));
}
