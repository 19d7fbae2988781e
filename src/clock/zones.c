// SPDX-License-Identifier: Apache-2.0
#include "clock/zones.h"

#include "parse/stamp.h"
#include "store/mechanics.h"

enum { MAX_LINKS = 8, MAX_NAME = 256 };

#define DATABASE "/usr/share/zoneinfo/"

/* An offset that a daemon wrote beside a time. */
struct offset {
    struct lt_time time;
    int minutes;
    struct lt_str file;
    const char *field;
};

void lt_zone_note_offset(struct lt_ctx *ctx, struct lt_str text, struct lt_str file, const char *field)
{
    struct lt_time time;
    int minutes;
    if (lt_stamp_zoned(text, &time, &minutes, NULL) != LT_OK)
        return; /* its reader reports it */
    struct offset *offset = lt_new(ctx->run, struct offset);
    *offset = (struct offset){time, minutes, lt_str_dup(ctx->run, file), field};
    lt_list_add(&ctx->host->offsets, ctx->run, offset);
}

void lt_zone_set_environment(struct lt_ctx *ctx, struct lt_container *container, struct lt_str tz, const char *field)
{
    container->tz = lt_str_dup(ctx->run, tz);
    container->tz_field = field;
}

/* Parse a zone file of the evidence. */
static bool read_rules(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path, struct lt_zone_info *zone)
{
    struct lt_str bytes;
    struct lt_err problem = {0};
    enum lt_status status = lt_slurp(fs, path, LT_MAX_TZIF, ctx->run, &bytes, &problem);
    if (status == LT_OK)
        status = lt_tzif_parse(bytes, &zone->rules, &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    zone->known = status == LT_OK;
    return zone->known;
}

/* "Asia/Tokyo" of a path into some zone database, else "". */
static struct lt_str zone_name(struct lt_str path)
{
    const struct lt_str mark = LT_STR("zoneinfo/");
    for (size_t at = 0; at + mark.len < path.len; at++)
        if (lt_str_starts(lt_str_skip(path, at), mark))
            return lt_str_skip(path, at + mark.len);
    return LT_STR("");
}

/* What to call rules without a name: their offset, if there is only one. */
static struct lt_str plain_name(struct lt_ctx *ctx, const struct lt_zone *rules)
{
    struct lt_buf text = {0};
    if (rules->count || rules->after.has_summer)
        return LT_STR("");
    lt_buf_lit(&text, "UTC");
    if (lt_zone_offset(rules, 0))
        lt_time_zone(&text, lt_zone_offset(rules, 0));
    struct lt_str name = lt_str_dup(ctx->run, lt_buf_view(&text));
    lt_buf_free(&text);
    return name;
}

/* The first line of a small file, "" if there is none. */
static struct lt_str read_name(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path)
{
    struct lt_str text;
    struct lt_err problem = {0};
    enum lt_status status = lt_slurp(fs, path, MAX_NAME, ctx->run, &text, &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    if (status != LT_OK)
        return LT_STR("");
    return lt_str_trim(lt_str_cut(&text, '\n'));
}

/* Does the name stay below the database? */
static bool is_name(struct lt_str name)
{
    for (struct lt_str rest = name; rest.len;)
        if (lt_str_starts(lt_str_cut(&rest, '/'), LT_STR(".")))
            return false;
    return name.len && name.len < MAX_NAME && name.ptr[0] != '/' && !memchr(name.ptr, 0, name.len);
}

/* The host's own database, on whichever file system it is. */
static bool host_rules(struct lt_ctx *ctx, struct lt_str name, struct lt_zone_info *zone)
{
    if (is_name(name))
        lt_each (const struct lt_mount_point, mount, &ctx->host->mounts) {
            struct lt_str path, wanted = lt_str_format(ctx->scratch, DATABASE "%.*s", LT_ARG(name));
            if (lt_fs_resolve(mount->fs, wanted, ctx->scratch, &path, NULL) == LT_OK &&
                read_rules(ctx, mount->fs, path, zone))
                return true;
        }
    return false;
}

/* --- the host ------------------------------------------------------------------------------------------------------
 */

static void conflict(struct lt_ctx *ctx, struct lt_str text)
{
    if (!ctx->host->zone_conflict.len)
        ctx->host->zone_conflict = lt_str_dup(ctx->run, text);
}

static bool host_localtime(struct lt_ctx *ctx, struct lt_fs *fs)
{
    struct lt_zone_info *zone = &ctx->host->zone;
    struct lt_node node;
    struct lt_str etc, path = LT_STR("/etc/localtime");
    if (lt_fs_resolve(fs, LT_STR("/etc"), ctx->scratch, &etc, NULL) != LT_OK ||
        lt_fs_stat(fs, lt_path_join(ctx->scratch, etc, LT_STR("localtime")), ctx->scratch, &node, NULL) != LT_OK)
        return false;
    zone->from = path;
    zone->name = lt_str_dup(ctx->run, zone_name(node.target));
    if (lt_fs_resolve(fs, path, ctx->scratch, &path, NULL) != LT_OK || !read_rules(ctx, fs, path, zone))
        host_rules(ctx, zone->name, zone);
    return true;
}

static void host_timezone(struct lt_ctx *ctx, struct lt_fs *fs)
{
    struct lt_zone_info *zone = &ctx->host->zone;
    struct lt_str path, name = LT_STR("");
    if (lt_fs_resolve(fs, LT_STR("/etc/timezone"), ctx->scratch, &path, NULL) == LT_OK)
        name = read_name(ctx, fs, path);
    if (!name.len)
        return;
    if (zone->name.len && !lt_str_eq(zone->name, name))
        conflict(ctx, lt_str_format(ctx->scratch, "/etc/localtime is %.*s, but /etc/timezone says %.*s",
                                    LT_ARG(zone->name), LT_ARG(name)));
    if (!zone->name.len)
        zone->name = name;
    if (!zone->from.len) {
        zone->from = LT_STR("/etc/timezone");
        host_rules(ctx, name, zone);
    }
}

/* What the daemon wrote shows which zone it really had, and when. */
static void check_offsets(struct lt_ctx *ctx)
{
    struct lt_zone_info *zone = &ctx->host->zone;
    lt_each (const struct offset, offset, &ctx->host->offsets) {
        struct lt_buf text = {0};
        int32_t expected = zone->known ? lt_zone_offset(&zone->rules, offset->time.sec) : offset->minutes * 60;
        if (expected != offset->minutes * 60) {
            lt_buf_printf(&text, "the host's zone %.*s means ", LT_ARG(zone->name));
            lt_time_zone(&text, expected);
            lt_buf_printf(&text, ", but the daemon wrote ");
            lt_time_zone(&text, offset->minutes * 60);
            lt_buf_lit(&text, " at ");
            lt_time_iso(&text, offset->time, 0);
            lt_buf_printf(&text, "Z in %.*s", LT_ARG(offset->file));
            conflict(ctx, lt_buf_view(&text));
        } else if (!zone->from.len) {
            lt_buf_lit(&text, "UTC");
            lt_time_zone(&text, offset->minutes * 60);
            zone->name = lt_str_dup(ctx->run, lt_buf_view(&text));
            zone->from = lt_str_c(offset->field);
        }
        lt_buf_free(&text);
    }
}

/* The file system with /etc is asked first, then the others in their order. */
static void find_by_files(struct lt_ctx *ctx)
{
    struct lt_fs *etc = ctx->host->etc;
    bool found = etc && host_localtime(ctx, etc);
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts)
        found = found || host_localtime(ctx, mount->fs);
    if (etc)
        host_timezone(ctx, etc);
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts)
        if (!ctx->host->zone.name.len)
            host_timezone(ctx, mount->fs);
}

/* --- containers ----------------------------------------------------------------------------------------------------
 */

/* Look for `name` in one directory of a layer. LT_END: it is not there, LT_SKIP: it is deleted from the layers below.
 * Deletions have the name itself (overlay) or one with .wh. before it (aufs). */
static enum lt_status look_for(struct lt_ctx *ctx, const struct lt_layer *layer, struct lt_str directory,
                               struct lt_str name, struct lt_node *node)
{
    const struct lt_str names[] = {name, lt_str_format(ctx->scratch, ".wh.%.*s", LT_ARG(name))};
    for (size_t i = 0; i < 2; i++) {
        struct lt_str subject, path = lt_path_join(ctx->scratch, directory, names[i]);
        if (lt_fs_stat(ctx->fs, path, ctx->scratch, node, NULL) != LT_OK)
            continue;
        bool whiteout = layer->mechanics->meaning(node, &subject) == LT_WHITEOUT && lt_str_eq(subject, name);
        if (whiteout || !i)
            return whiteout ? LT_SKIP : LT_OK;
    }
    return LT_END;
}

/* Does the directory hide what lower layers have in theirs (linux fs/overlayfs/namei.c)? */
static bool is_opaque(struct lt_ctx *ctx, struct lt_str parent, const struct lt_node *node)
{
    struct lt_fs *fs = ctx->fs;
    struct lt_dir *dir = lt_new(ctx->run, struct lt_dir); /* readers may know it by its address */
    struct lt_node above;
    struct lt_list found = {0};
    if (!fs->ops->xattrs || lt_fs_stat(fs, parent, ctx->scratch, &above, NULL) != LT_OK)
        return false;
    *dir = (struct lt_dir){.name = lt_str_dup(ctx->run, parent), .path_len = parent.len, .ino = above.ino};
    fs->ops->xattrs(fs, dir, node, ctx->scratch, &found, NULL);
    lt_each (const struct lt_xattr, xattr, &found)
        if (lt_str_ends(xattr->name, LT_STR(".overlay.opaque")) && lt_str_eq(xattr->value, LT_STR("y")))
            return true;
    return false;
}

/* Look for a path in a layer, likewise. */
static enum lt_status look_in(struct lt_ctx *ctx, const struct lt_layer *layer, struct lt_str path,
                              struct lt_node *node, struct lt_str *real)
{
    bool opaque = false;
    *real = layer->content;
    for (struct lt_str rest = lt_str_skip(path, 1); rest.len;) {
        struct lt_str name = lt_str_cut(&rest, '/');
        enum lt_status status = look_for(ctx, layer, *real, name, node);
        if (status != LT_OK)
            return status == LT_END && opaque ? LT_SKIP : status;
        if (rest.len && !S_ISDIR(node->mode))
            return LT_SKIP;
        opaque = opaque || (rest.len && is_opaque(ctx, *real, node));
        *real = lt_path_join(ctx->scratch, *real, name);
    }
    return LT_OK;
}

/* What a container sees at `path`, in its topmost layer that has it. */
static bool look_up(struct lt_ctx *ctx, const struct lt_container *container, struct lt_str path, struct lt_node *node,
                    struct lt_str *real)
{
    const struct lt_layer *tops[] = {container->rw, container->init};
    for (size_t i = 0; i < 2 + container->layers.count; i++) {
        const struct lt_layer *layer = i < 2 ? tops[i] : container->layers.items[i - 2];
        if (!layer || !layer->content.len)
            continue;
        enum lt_status status = look_in(ctx, layer, path, node, real);
        if (status != LT_END || layer->mechanics->copies)
            return status == LT_OK;
    }
    return false;
}

/* The same, following links as the container would. `*target` is where the first one leads, "" if it is none. */
static bool follow(struct lt_ctx *ctx, const struct lt_container *container, struct lt_str path, struct lt_str *target,
                   struct lt_str *real)
{
    struct lt_node node;
    *target = LT_STR("");
    for (unsigned links = 0; links < MAX_LINKS; links++) {
        if (!look_up(ctx, container, path, &node, real))
            return false;
        if (!S_ISLNK(node.mode))
            return S_ISREG(node.mode);
        struct lt_str next = node.target;
        if (!target->len)
            *target = lt_str_dup(ctx->scratch, next);
        size_t up = path.len - lt_str_basename(path).len - 1;
        struct lt_str directory = {path.ptr, up};
        while (lt_str_starts(next, LT_STR("../"))) {
            next = lt_str_skip(next, 3);
            directory.len = directory.len ? directory.len - lt_str_basename(directory).len - 1 : 0;
        }
        path = lt_str_starts(next, LT_STR("/")) ? lt_str_dup(ctx->scratch, next)
                                                : lt_path_join(ctx->scratch, directory, next);
    }
    return false;
}

/* Rules of a zone by its name, as a program in the container finds them; else those of the host's database. */
static void rules_by_name(struct lt_ctx *ctx, struct lt_container *container, struct lt_str name)
{
    struct lt_zone_info *zone = &container->zone;
    struct lt_str target, real;
    struct lt_str path =
        lt_str_starts(name, LT_STR("/")) ? name : lt_str_format(ctx->scratch, DATABASE "%.*s", LT_ARG(name));
    bool safe = is_name(lt_str_starts(name, LT_STR("/")) ? lt_str_skip(name, 1) : name);
    if (safe && follow(ctx, container, path, &target, &real) && read_rules(ctx, ctx->fs, real, zone))
        return;
    if (lt_zone_posix(name, &zone->rules)) {
        zone->known = true;
    } else if (host_rules(ctx, name, zone)) {
        zone->from = lt_str_format(ctx->run, "%.*s (the container has no rules for it: those of the host's database)",
                                   LT_ARG(zone->from));
    } else {
        zone->rules = (struct lt_zone){0};
        zone->known = lt_str_eq(name, LT_STR("UTC")) || lt_str_eq(name, LT_STR("Etc/UTC"));
    }
}

static bool by_environment(struct lt_ctx *ctx, struct lt_container *container)
{
    struct lt_str name = container->tz;
    if (!container->tz_field)
        return false;
    if (lt_str_starts(name, LT_STR(":")))
        name = lt_str_skip(name, 1);
    if (!name.len)
        name = LT_STR("UTC"); /* which the empty TZ means */
    struct lt_str below = zone_name(name);
    container->zone.name = below.len ? below : name;
    container->zone.from = lt_str_format(ctx->run, "TZ in %s", container->tz_field);
    rules_by_name(ctx, container, name);
    return true;
}

/* -v /etc/localtime:/etc/localtime */
static bool by_bind(struct lt_ctx *ctx, struct lt_container *container)
{
    struct lt_zone_info *zone = &container->zone;
    lt_each (const struct lt_mount, mount, &container->mounts) {
        struct lt_str path;
        struct lt_node node;
        if (!lt_str_eq(mount->destination, LT_STR("/etc/localtime")) || !lt_str_eq(mount->type, LT_STR("bind")))
            continue;
        *zone = (struct lt_zone_info){.from = lt_str_format(ctx->run, "bind of %.*s", LT_ARG(mount->source))};
        if (lt_str_eq(mount->source, LT_STR("/etc/localtime"))) {
            struct lt_str from = zone->from;
            *zone = ctx->host->zone;
            zone->from = from;
            return true;
        }
        zone->name = zone_name(mount->source);
        lt_each (const struct lt_mount_point, at, &ctx->host->mounts)
            if (!zone->known && lt_fs_resolve(at->fs, mount->source, ctx->scratch, &path, NULL) == LT_OK &&
                lt_fs_stat(at->fs, path, ctx->scratch, &node, NULL) == LT_OK)
                read_rules(ctx, at->fs, path, zone);
        return true;
    }
    return false;
}

static bool by_files(struct lt_ctx *ctx, struct lt_container *container)
{
    struct lt_zone_info *zone = &container->zone;
    struct lt_str target, real, name_target, name_file, name = LT_STR("");
    bool there = follow(ctx, container, LT_STR("/etc/localtime"), &target, &real);
    if (follow(ctx, container, LT_STR("/etc/timezone"), &name_target, &name_file))
        name = read_name(ctx, ctx->fs, name_file);
    if (there && read_rules(ctx, ctx->fs, real, zone)) {
        struct lt_str linked = zone_name(target);
        zone->from = LT_STR("/etc/localtime of the container");
        zone->name = linked.len ? lt_str_dup(ctx->run, linked) : name.len ? name : plain_name(ctx, &zone->rules);
        return true;
    }
    if (!name.len)
        return false;
    zone->from = LT_STR("/etc/timezone of the container");
    zone->name = name;
    rules_by_name(ctx, container, name);
    return true;
}

static void find_container(struct lt_ctx *ctx, struct lt_container *container)
{
    if (by_environment(ctx, container) || by_bind(ctx, container) || by_files(ctx, container))
        return;
    if (container->rw) /* C libraries: UTC */
        container->zone =
            (struct lt_zone_info){.name = LT_STR("UTC"), .from = LT_STR("no TZ and no /etc/localtime"), .known = true};
}

static void find_containers(struct lt_ctx *ctx)
{
    lt_each (struct lt_container, container, &ctx->root->containers) {
        lt_arena_reset(ctx->scratch); /* of which a long lookup takes a lot */
        find_container(ctx, container);
    }
}

void lt_zones_find(struct lt_ctx *ctx)
{
    find_by_files(ctx);
    check_offsets(ctx);
    lt_each (struct lt_root, root, &ctx->host->roots) {
        struct lt_ctx there = lt_ctx_at(ctx, root);
        find_containers(&there);
    }
}
