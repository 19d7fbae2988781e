// SPDX-License-Identifier: Apache-2.0
#include "clock/zones.h"

#include "overlay/lookup.h"
#include "parse/stamp.h"

enum { MAX_NAME = 256 };

#define DATABASE "/usr/share/zoneinfo/"

/* An offset that a daemon wrote with a time. */
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
        return; /* the reader of the file reports it */
    struct offset *offset = lt_new(ctx->run, struct offset);
    *offset = (struct offset){time, minutes, lt_str_dup(ctx->run, file), field};
    lt_list_add(&ctx->host->offsets, ctx->run, offset);
}

void lt_zone_set_environment(struct lt_ctx *ctx, struct lt_container *container, struct lt_str tz, const char *field)
{
    container->tz = lt_str_dup(ctx->run, tz);
    container->tz_field = field;
}

/* Parse a zone file of the evidence. What cannot be read is reported. */
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

/* "Asia/Tokyo" of a path into a zone database, otherwise "". */
static struct lt_str zone_name(struct lt_str path)
{
    const struct lt_str mark = LT_STR("zoneinfo/");
    for (size_t at = 0; at + mark.len < path.len; at++)
        if (lt_str_starts(lt_str_skip(path, at), mark))
            return lt_str_skip(path, at + mark.len);
    return LT_STR("");
}

/* A name for rules without one: their offset, if there is only one; otherwise "". */
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

/* Does the name stay inside the database? */
static bool is_name(struct lt_str name)
{
    for (struct lt_str rest = name; rest.len;)
        if (lt_str_starts(lt_str_cut(&rest, '/'), LT_STR(".")))
            return false;
    return name.len && name.len < MAX_NAME && name.ptr[0] != '/' && !memchr(name.ptr, 0, name.len);
}

/* The host's own database, on whichever of its file systems it is. */
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

/* --- the host --- */

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

/* The offsets the daemon wrote show which zone it used, and when. */
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

/* The file system with /etc is tried first, then the others in their order. */
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

/* --- containers --- */

/* The regular file that the container sees at `path`. LT_END: there is none that it can open. LT_SKIP: unknown, because
 * a layer cannot be read. Nothing is reported here: the walk of the layer does that. */
static enum lt_status see_file(struct lt_lower_reader *reader, const struct lt_container *container, struct lt_str path,
                               struct lt_view *out)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_lower_lookup(reader, container, path, out, &problem);
    if (S_ISREG(out->node.mode))
        return LT_OK;
    return status == LT_SKIP && !out->node.mode && strcmp(problem.code, LT_CODE_CYCLE) != 0 ? LT_SKIP : LT_END;
}

/* Load the rules of a zone by its name as a program in the container would; otherwise from the host's database. */
static void rules_by_name(struct lt_lower_reader *reader, struct lt_container *container, struct lt_str name)
{
    struct lt_ctx *ctx = reader->ctx;
    struct lt_zone_info *zone = &container->zone;
    struct lt_view view;
    struct lt_str path =
        lt_str_starts(name, LT_STR("/")) ? name : lt_str_format(ctx->scratch, DATABASE "%.*s", LT_ARG(name));
    bool safe = is_name(lt_str_starts(name, LT_STR("/")) ? lt_str_skip(name, 1) : name);
    enum lt_status status = safe ? see_file(reader, container, path, &view) : LT_END;
    if (status == LT_OK && read_rules(ctx, ctx->fs, view.data, zone))
        return;
    if (lt_zone_posix(name, &zone->rules)) {
        zone->known = true;
    } else if (host_rules(ctx, name, zone)) {
        zone->from = lt_str_format(ctx->run, "%.*s (the container%s: those of the host's database)", LT_ARG(zone->from),
                                   status == LT_END ? " has no rules for it" : "'s rules for it cannot be read");
    } else {
        zone->rules = (struct lt_zone){0};
        zone->known = lt_str_eq(name, LT_STR("UTC")) || lt_str_eq(name, LT_STR("Etc/UTC"));
    }
}

static bool by_environment(struct lt_lower_reader *reader, struct lt_container *container)
{
    struct lt_str name = container->tz;
    if (!container->tz_field)
        return false;
    if (lt_str_starts(name, LT_STR(":")))
        name = lt_str_skip(name, 1);
    if (!name.len)
        name = LT_STR("UTC"); /* meaning of an empty TZ */
    struct lt_str relative = zone_name(name);
    container->zone.name = relative.len ? relative : name;
    container->zone.from = lt_str_format(reader->ctx->run, "TZ in %s", container->tz_field);
    rules_by_name(reader, container, name);
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

/* True as well if the layers that may hold these files cannot be read. The zone is then unknown. */
static bool by_files(struct lt_lower_reader *reader, struct lt_container *container)
{
    struct lt_ctx *ctx = reader->ctx;
    struct lt_zone_info *zone = &container->zone;
    struct lt_view file, name_file;
    struct lt_str name = LT_STR("");
    enum lt_status status = see_file(reader, container, LT_STR("/etc/localtime"), &file);
    enum lt_status name_status = see_file(reader, container, LT_STR("/etc/timezone"), &name_file);
    if (name_status == LT_OK)
        name = read_name(ctx, ctx->fs, name_file.data);
    if (status == LT_OK && read_rules(ctx, ctx->fs, file.data, zone)) {
        struct lt_str linked = zone_name(file.target);
        zone->from = LT_STR("/etc/localtime of the container");
        zone->name = linked.len ? lt_str_dup(ctx->run, linked) : name.len ? name : plain_name(ctx, &zone->rules);
        return true;
    }
    if (!name.len)
        return status == LT_SKIP || name_status == LT_SKIP;
    zone->from = LT_STR("/etc/timezone of the container");
    zone->name = name;
    rules_by_name(reader, container, name);
    return true;
}

static void find_container(struct lt_lower_reader *reader, struct lt_container *container)
{
    if (by_environment(reader, container) || by_bind(reader->ctx, container) || by_files(reader, container))
        return;
    if (container->rw) /* default of the C libraries */
        container->zone =
            (struct lt_zone_info){.name = LT_STR("UTC"), .from = LT_STR("no TZ and no /etc/localtime"), .known = true};
}

static void find_containers(struct lt_ctx *ctx)
{
    struct lt_ctx there = *ctx;
    struct lt_lower_reader reader = {.ctx = &there};
    lt_each (struct lt_container, container, &ctx->root->containers) {
        lt_arena_reset(ctx->scratch);
        there = lt_ctx_at(ctx, container->rw ? container->rw->root : container->root); /* where its layers are */
        find_container(&reader, container);
    }
    lt_lower_end(&reader);
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
