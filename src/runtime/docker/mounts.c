// SPDX-License-Identifier: Apache-2.0
#include "runtime/docker/mounts.h"

#include "parse/json.h"
#include "read/facts.h"

enum { MAX_MOUNTS = 1024 }; /* of one container; each costs time for every file below it */

/* The mounts of one container while they are read. */
struct mounts {
    struct lt_arena *run;
    struct lt_container *container;
    struct lt_list items; /* descriptions, of struct lt_str * */
    size_t more;          /* number beyond the limit */
};

/* Add the description of a mount: "volume data -> /data rw". A tmpfs leaves nothing on disk. */
static void describe_mount(struct mounts *mounts, const struct lt_mount *mount, struct lt_str propagation)
{
    struct lt_str source = mount->name.len ? mount->name : mount->source;
    struct lt_buf text = {0};
    bool private = !propagation.len || lt_str_eq(propagation, LT_STR("rprivate"));
    lt_buf_add(&text, mount->type);
    if (source.len)
        lt_buf_printf(&text, " %.*s", LT_ARG(source));
    if (mount->subpath.len)
        lt_buf_printf(&text, "/%.*s", LT_ARG(mount->subpath));
    lt_buf_printf(&text, " -> %.*s %s", LT_ARG(mount->destination), mount->writable ? "rw" : "ro");
    if (!private)
        lt_buf_printf(&text, " %.*s", LT_ARG(propagation));
    if (lt_str_eq(mount->type, LT_STR("tmpfs")))
        lt_buf_lit(&text, " in memory only");
    if (mount->driver.len && !lt_str_eq(mount->driver, LT_STR("local")))
        lt_buf_printf(&text, " kept by driver %.*s", LT_ARG(mount->driver));
    lt_fact_add(&mounts->items, mounts->run, "", lt_buf_view(&text));
    lt_buf_free(&text);
}

/* The path without slashes at its end; "" if it is not absolute. */
static struct lt_str destination(struct lt_arena *arena, struct lt_str path)
{
    while (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    return path.len && path.ptr[0] == '/' ? lt_str_dup(arena, path) : LT_STR("");
}

static void add_mount(struct mounts *mounts, struct lt_mount *mount)
{
    lt_list_add(&mounts->container->mounts, mounts->run, mount);
    lt_map_put(&mounts->container->mount_at, mounts->run, mount->destination, mount);
}

static bool is_full(struct mounts *mounts)
{
    bool full = mounts->container->mounts.count >= MAX_MOUNTS;
    mounts->more += full;
    return full;
}

static bool has_mount_at(const struct mounts *mounts, struct lt_str place)
{
    return lt_map_get(&mounts->container->mount_at, place);
}

static void read_mount(struct mounts *mounts, const struct json_t *point)
{
    struct lt_arena *run = mounts->run;
    struct lt_mount *mount = lt_new(run, struct lt_mount);
    *mount = (struct lt_mount){
        .type = lt_str_dup(run, lt_json_str(point, "Type")),
        .name = lt_str_dup(run, lt_json_str(point, "Name")),
        .driver = lt_str_dup(run, lt_json_str(point, "Driver")),
        .source = lt_str_dup(run, lt_json_str(point, "Source")),
        .destination = destination(run, lt_json_str(point, "Destination")),
        .subpath = lt_str_dup(run, lt_json_str(point, "Spec.VolumeOptions.Subpath")),
        .writable = lt_json_bool(point, "RW"),
    };
    if (!mount->type.len) /* Docker before 1.13 recorded no type; a name means a volume */
        mount->type = mount->name.len ? LT_STR("volume") : LT_STR("bind");
    add_mount(mounts, mount);
    describe_mount(mounts, mount, lt_json_str(point, "Propagation"));
}

/* --tmpfs is only in hostconfig.json. */
static void read_tmpfs(struct mounts *mounts, const struct json_t *host)
{
    struct lt_arena *run = mounts->run;
    struct lt_str place;
    const struct json_t *options;
    for (void *iter = NULL; lt_json_next(lt_json_at(host, "Tmpfs"), &iter, &place, &options);) {
        struct lt_str rest = lt_json_str(options, "");
        struct lt_mount *mount = lt_new(run, struct lt_mount);
        *mount = (struct lt_mount){.type = LT_STR("tmpfs"), .destination = destination(run, place), .writable = true};
        while (rest.len)
            mount->writable &= !lt_str_eq(lt_str_cut(&rest, ','), LT_STR("ro"));
        if (has_mount_at(mounts, mount->destination) || is_full(mounts))
            continue;
        add_mount(mounts, mount);
        describe_mount(mounts, mount, LT_STR(""));
    }
}

/* Add the files that the daemon itself mounts over those of the image, unless the user mounts something there (moby
 * daemon/container/container_unix.go: NetworkMounts, IpcMounts). */
static void add_own_mounts(struct mounts *mounts, const struct json_t *json)
{
    static const struct {
        const char *field, *place;
    } own[] = {{"ResolvConfPath", "/etc/resolv.conf"},
               {"HostnamePath", "/etc/hostname"},
               {"HostsPath", "/etc/hosts"},
               {"ShmPath", "/dev/shm"}};
    struct lt_arena *run = mounts->run;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        struct lt_str source = lt_json_str(json, own[i].field), place = lt_str_c(own[i].place);
        if (!source.len || has_mount_at(mounts, place))
            continue;
        struct lt_mount *mount = lt_new(run, struct lt_mount);
        *mount = (struct lt_mount){.type = LT_STR("docker"),
                                   .source = lt_str_dup(run, source),
                                   .destination = place,
                                   .writable = true,
                                   .automatic = true};
        add_mount(mounts, mount);
    }
}

struct lt_list lt_read_mounts(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *config,
                              const struct json_t *host)
{
    struct mounts mounts = {.run = ctx->run, .container = container};
    struct lt_str key;
    const struct json_t *point;
    for (void *iter = NULL; lt_json_next(lt_json_at(config, "MountPoints"), &iter, &key, &point);)
        if (!is_full(&mounts))
            read_mount(&mounts, point);
    read_tmpfs(&mounts, host);
    if (mounts.more)
        lt_skip(ctx, container->path, LT_CODE_TOO_LARGE, "%zu mounts beyond the first %d of a container", mounts.more,
                MAX_MOUNTS);
    add_own_mounts(&mounts, config);
    return mounts.items;
}
