// SPDX-License-Identifier: Apache-2.0
#include "runtime/docker/mounts.h"

#include "parse/ident.h"
#include "parse/json.h"
#include "runtime/docker/docker.h"
#include "runtime/mount_list.h"

static void read_mount(struct lt_mount_list *mounts, const struct json_t *point)
{
    struct lt_arena *run = mounts->ctx->run;
    struct lt_mount mount = {
        .type = lt_str_dup(run, lt_json_str(point, "Type")),
        .name = lt_str_dup(run, lt_json_str(point, "Name")),
        .driver = lt_str_dup(run, lt_json_str(point, "Driver")),
        .source = lt_str_dup(run, lt_json_str(point, "Source")),
        .destination = lt_str_dup(run, lt_mount_place(lt_json_str(point, "Destination"))),
        .subpath = lt_str_dup(run, lt_json_str(point, "Spec.VolumeOptions.Subpath")),
        .writable = lt_json_bool(point, "RW"),
    };
    if (!mount.type.len) /* Docker before 1.13 recorded no type; a name means a volume */
        mount.type = mount.name.len ? LT_STR("volume") : LT_STR("bind");
    lt_mount_list_add(mounts, mount, lt_json_str(point, "Propagation"));
}

/* Does the name of this directory end with that of a volume of Docker before 1.7? Which directory its data root was is
 * not known here. */
static bool is_old_volume(struct lt_str source)
{
    struct lt_str name = lt_str_basename(source);
    return lt_is_id(name) && source.len > name.len &&
           lt_str_ends((struct lt_str){source.ptr, source.len - name.len}, LT_STR("/" LT_DOCKER_OLD_VOLUMES "/"));
}

/* Docker before 1.7 had a map of the source of each destination, and one of those that are writable. Later versions
 * keep writing both, beside MountPoints. */
static void read_old_mounts(struct lt_mount_list *mounts, const struct json_t *config)
{
    struct lt_arena *run = mounts->ctx->run;
    struct lt_str place;
    const struct json_t *path;
    for (void *iter = NULL; lt_json_next(lt_json_at(config, "Volumes"), &iter, &place, &path);) {
        struct lt_str source = lt_json_str(path, "");
        bool volume = is_old_volume(source);
        struct lt_mount mount = {
            .type = volume ? LT_STR("volume") : LT_STR("bind"),
            .name = volume ? lt_str_dup(run, lt_str_basename(source)) : LT_STR(""),
            .source = lt_str_dup(run, source),
            .destination = lt_str_dup(run, lt_mount_place(place)),
            .writable = lt_json_bool(lt_json_member(lt_json_at(config, "VolumesRW"), place), ""),
        };
        if (!lt_mount_list_has(mounts, mount.destination) && !lt_mount_list_is_full(mounts))
            lt_mount_list_add(mounts, mount, LT_STR(""));
    }
}

/* --tmpfs is only in hostconfig.json. */
static void read_tmpfs(struct lt_mount_list *mounts, const struct json_t *host)
{
    struct lt_str place;
    const struct json_t *options;
    for (void *iter = NULL; lt_json_next(lt_json_at(host, "Tmpfs"), &iter, &place, &options);) {
        struct lt_str rest = lt_json_str(options, "");
        struct lt_mount mount = {.type = LT_STR("tmpfs"),
                                 .destination = lt_str_dup(mounts->ctx->run, lt_mount_place(place)),
                                 .writable = true};
        while (rest.len)
            mount.writable &= !lt_str_eq(lt_str_cut(&rest, ','), LT_STR("ro"));
        if (!lt_mount_list_has(mounts, mount.destination) && !lt_mount_list_is_full(mounts))
            lt_mount_list_add(mounts, mount, LT_STR(""));
    }
}

/* Add the files that the daemon itself mounts over those of the image, unless the user mounts something there (moby
 * daemon/container/container_unix.go: NetworkMounts, IpcMounts). */
static void add_own_mounts(struct lt_mount_list *mounts, const struct json_t *json)
{
    static const struct {
        const char *field, *place;
    } own[] = {{"ResolvConfPath", "/etc/resolv.conf"},
               {"HostnamePath", "/etc/hostname"},
               {"HostsPath", "/etc/hosts"},
               {"ShmPath", "/dev/shm"}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        struct lt_str source = lt_json_str(json, own[i].field), place = lt_str_c(own[i].place);
        struct lt_mount mount = {.type = LT_STR("docker"), .destination = place, .writable = true, .automatic = true};
        if (!source.len || lt_mount_list_has(mounts, place))
            continue;
        mount.source = lt_str_dup(mounts->ctx->run, source);
        lt_mount_list_add(mounts, mount, LT_STR(""));
    }
}

struct lt_list lt_read_mounts(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *config,
                              const struct json_t *host)
{
    struct lt_mount_list mounts = {.ctx = ctx, .container = container};
    struct lt_str key;
    const struct json_t *point;
    for (void *iter = NULL; lt_json_next(lt_json_at(config, "MountPoints"), &iter, &key, &point);)
        if (!lt_mount_list_is_full(&mounts))
            read_mount(&mounts, point);
    read_old_mounts(&mounts, config);
    read_tmpfs(&mounts, host);
    lt_mount_list_end(&mounts, container->path);
    add_own_mounts(&mounts, config);
    return mounts.items;
}
