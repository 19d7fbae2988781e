// SPDX-License-Identifier: Apache-2.0
/* What a whole data root has and this one has not. A collection may hold only a part of it. */
#include "runtime/docker/driver/driver.h"

static bool is_missing(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_node node;
    return lt_fs_stat(ctx->fs, path, ctx->scratch, &node, NULL) == LT_END;
}

/* Does a container need image/ and the layers of this driver? Before 1.10 there was no image/. */
static bool uses(const struct lt_root *root, const struct lt_docker_driver *driver)
{
    lt_each (const struct lt_container, container, &root->containers)
        if (lt_str_eq(container->driver, lt_str_c(driver->driver.name)) && !lt_docker_container(container)->old)
            return true;
    return false;
}

static bool mounts_volumes(const struct lt_root *root)
{
    lt_each (const struct lt_container, container, &root->containers)
        lt_each (const struct lt_mount, mount, &container->mounts)
            if (mount->name.len && lt_str_eq(mount->driver, LT_STR("local")))
                return true;
    return false;
}

static void report(struct lt_ctx *ctx, const char *relative, const char *what)
{
    struct lt_str path = lt_root_path(ctx, relative);
    if (is_missing(ctx, path))
        lt_skip(ctx, path, LT_CODE_MISSING, "%s are not in the evidence", what);
}

void lt_docker_report_missing(struct lt_ctx *ctx)
{
    report(ctx, "containers", "the configurations and logs of containers");
    if (mounts_volumes(ctx->root))
        report(ctx, "volumes", "the files of volumes");
    for (size_t i = 0; lt_docker_drivers[i]; i++) {
        const struct lt_docker_driver *driver = lt_docker_drivers[i];
        if (!uses(ctx->root, driver))
            continue;
        report(ctx, lt_str_format(ctx->scratch, "image/%s", driver->driver.name).ptr,
               "the records of images and layers");
        report(ctx, driver->layers, "the files of layers");
    }
}
