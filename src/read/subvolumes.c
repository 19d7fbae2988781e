// SPDX-License-Identifier: Apache-2.0
#include "read/subvolumes.h"

#include "parse/fstab.h"
#include "read/systems.h"

enum { MAX_TABLE = 1024 * 1024 };

/* What follows `name` among the options. False: it is none of them. */
static bool option(struct lt_str options, struct lt_str name, struct lt_str *value)
{
    while (options.len) {
        struct lt_str one = lt_str_cut(&options, ',');
        if (!lt_str_starts(one, name))
            continue;
        *value = lt_str_skip(one, name.len);
        return true;
    }
    return false;
}

static struct lt_str without_slashes(struct lt_str path)
{
    while (lt_str_starts(path, LT_STR("/")))
        path = lt_str_skip(path, 1);
    while (lt_str_ends(path, LT_STR("/")))
        path.len--;
    return path;
}

enum { TOP = 5 }; /* number of the subvolume that holds all others */

/* The number in the option subvolid=, 0 if it is none. The kernel takes 0 for the top. */
static uint64_t number_of(struct lt_str text)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || number > UINT64_MAX / 10 - 1)
            return 0;
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    return number ? number : TOP;
}

static enum lt_status by_number(const struct lt_fs *fs, uint64_t number, struct lt_str *out)
{
    if (number == TOP)
        return LT_OK;
    lt_each (const struct lt_subvolume, subvolume, &fs->subvolumes)
        if (subvolume->number == number) {
            *out = subvolume->path;
            return LT_OK;
        }
    return LT_END;
}

enum lt_status lt_subvolume_meant(const struct lt_fs *fs, struct lt_str options, struct lt_arena *arena,
                                  struct lt_str *out)
{
    struct lt_str value;
    *out = LT_STR("");
    if (!fs->subvolumes.count)
        return LT_OK;
    if (option(options, LT_STR("subvol="), &value)) {
        value = without_slashes(value);
        *out = value.len ? lt_path_join(arena, LT_STR(""), value) : LT_STR("");
        return LT_OK;
    }
    if (option(options, LT_STR("subvolid="), &value))
        return by_number(fs, number_of(value), out);
    lt_each (const struct lt_subvolume, subvolume, &fs->subvolumes)
        if (subvolume->by_default)
            *out = subvolume->path;
    return LT_OK;
}

/* Does the table of the system at `path` mount that at its root? */
static bool mounts_itself(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_str file, text, root;
    struct lt_fstab_line line;
    bool itself = false;
    if (lt_fs_resolve(ctx->fs, lt_path_join(ctx->scratch, path, LT_STR("etc/fstab")), ctx->scratch, &file, NULL) !=
            LT_OK ||
        lt_slurp(ctx->fs, file, MAX_TABLE, ctx->scratch, &text, NULL) != LT_OK)
        return false;
    for (enum lt_status status; (status = lt_fstab_next(&text, ctx->scratch, &line)) != LT_END;)
        if (status == LT_OK && lt_str_eq(line.at, LT_STR("/")) &&
            lt_subvolume_meant(ctx->fs, line.options, ctx->scratch, &root) == LT_OK)
            itself = lt_str_eq(root, path);
    return itself;
}

bool lt_subvolume_root(struct lt_ctx *ctx, struct lt_str *root)
{
    size_t systems = 0;
    lt_each (const struct lt_subvolume, subvolume, &ctx->fs->subvolumes) {
        if (!lt_is_system(ctx->fs, subvolume->path, ctx->scratch))
            continue;
        if (!systems++)
            *root = subvolume->path;
        if (!subvolume->by_default && !mounts_itself(ctx, subvolume->path))
            continue;
        *root = subvolume->path;
        return true;
    }
    return systems == 1;
}
