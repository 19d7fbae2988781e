// SPDX-License-Identifier: Apache-2.0
#include "clock/zones.h"

#include "clock/zone_claims.h"
#include "clock/zone_rules.h"
#include "overlay/lookup.h"
#include "overlay/mount_views.h"
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

/* --- the host --- */

/* The name that the links from `path` on give a zone: of the first one that leads into a tz database, wherever that is.
 * `path` has no links above its last part. */
static struct lt_str linked_name(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path)
{
    struct lt_node node;
    struct lt_str name = LT_STR(""), above;
    for (unsigned links = 0; !name.len && links < LT_MAX_LINKS; links++) {
        if (lt_fs_stat(fs, path, ctx->scratch, &node, NULL) != LT_OK || !node.target.len)
            break;
        name = lt_zone_name_in(node.target);
        above = lt_str_starts(node.target, LT_STR("/")) ? LT_STR("") : lt_str_dirname(path);
        path = lt_path_join(ctx->scratch, above, node.target);
        if (lt_fs_resolve(fs, lt_str_dirname(path), ctx->scratch, &above, NULL) != LT_OK)
            break;
        path = lt_path_join(ctx->scratch, above, lt_str_basename(path));
    }
    return lt_str_dup(ctx->run, name);
}

/* /etc/localtime: a link into the database, or a copy of one of its files, which has no name. False: it is not there.
 */
static bool host_localtime(struct lt_ctx *ctx, struct lt_fs *fs)
{
    struct lt_zone_info *zone = &ctx->host->zone;
    struct lt_node node;
    struct lt_str etc, path = LT_STR("/etc/localtime");
    if (lt_fs_resolve(fs, LT_STR("/etc"), ctx->scratch, &etc, NULL) != LT_OK ||
        lt_fs_stat(fs, lt_path_join(ctx->scratch, etc, LT_STR("localtime")), ctx->scratch, &node, NULL) != LT_OK)
        return false;
    zone->from = path;
    zone->name = linked_name(ctx, fs, lt_path_join(ctx->scratch, etc, LT_STR("localtime")));
    if (lt_fs_resolve(fs, path, ctx->scratch, &path, NULL) != LT_OK || !lt_zone_read(ctx, fs, path, zone))
        lt_zone_by_name(ctx, zone->name, zone);
    else if (!zone->name.len)
        zone->name = lt_str_dup(ctx->run, lt_zone_name_in(path));
    return true;
}

/* The file system with /etc is tried first, then the others in their order. */
static void find_by_files(struct lt_zone_rules *rules)
{
    struct lt_ctx *ctx = rules->ctx;
    struct lt_zone_info *zone = &ctx->host->zone;
    struct lt_list claims = {0};
    bool found = ctx->host->etc && host_localtime(ctx, ctx->host->etc);
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts)
        found = found || host_localtime(ctx, mount->fs);
    if (ctx->host->etc) {
        struct lt_ctx there = lt_ctx_on(ctx, ctx->host->etc);
        lt_zone_claims(&there, &claims);
    }
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts) {
        struct lt_ctx there = lt_ctx_on(ctx, mount->fs);
        if (!found && !claims.count)
            lt_zone_claims(&there, &claims);
    }
    if (!zone->known && !zone->name.len && claims.count)
        *zone = *(const struct lt_zone_info *)claims.items[0];
    lt_zone_settle(rules, zone, &claims);
}

/* The offsets the daemon wrote show which zone it used, and when. */
static void check_offsets(struct lt_ctx *ctx)
{
    struct lt_zone_info *zone = &ctx->host->zone;
    bool told = false;
    lt_each (const struct offset, offset, &ctx->host->offsets) {
        struct lt_buf text = {0};
        int32_t expected = zone->known ? lt_zone_offset(&zone->rules, offset->time.sec) : offset->minutes * 60;
        if (expected != offset->minutes * 60 && !told) {
            lt_buf_printf(&text, "the host's zone %.*s means ", LT_ARG(zone->name));
            lt_time_zone(&text, expected);
            lt_buf_printf(&text, ", but the daemon wrote ");
            lt_time_zone(&text, offset->minutes * 60);
            lt_buf_lit(&text, " at ");
            lt_time_iso(&text, offset->time, 0);
            lt_buf_printf(&text, "Z in %.*s", LT_ARG(offset->file));
            lt_zone_conflict(ctx, zone, lt_buf_view(&text));
            told = true;
        } else if (!zone->from.len) {
            lt_buf_lit(&text, "UTC");
            lt_time_zone(&text, offset->minutes * 60);
            zone->name = lt_str_dup(ctx->run, lt_buf_view(&text));
            zone->from = lt_str_c(offset->field);
        }
        lt_buf_free(&text);
    }
}

/* --- containers and images --- */

/* Who looks: a container, or else what a layer and those under it show. */
struct viewer {
    struct lt_lower_reader *reader;
    const struct lt_container *container;
    const struct lt_view_root *root;
    const char *whose; /* static: "the container", "the image" */
};

/* A file that it sees. */
struct seen {
    struct lt_fs *fs;
    struct lt_str path;   /* on `fs` */
    struct lt_str name;   /* of the zone, if links or its path lead into a tz database; otherwise "" */
    struct lt_str source; /* path on the host of what is mounted over it; "": it is in the layers */
};

/* What `mount` shows at `path`, which is a file of the host. LT_END: no regular file. LT_SKIP: it is not in the
 * evidence. */
static enum lt_status see_mounted(struct lt_ctx *ctx, const struct lt_mount *mount, struct lt_str path,
                                  struct seen *out)
{
    struct lt_str rest;
    struct lt_node node;
    if (!mount->source.len || !lt_path_behind(path, mount->destination, &rest))
        return LT_SKIP;
    out->source = lt_str_format(ctx->run, "%.*s%.*s", LT_ARG(mount->source), LT_ARG(rest));
    out->name = lt_zone_name_in(out->source);
    lt_each (const struct lt_mount_point, at, &ctx->host->mounts)
        if (!out->fs && lt_fs_resolve(at->fs, out->source, ctx->scratch, &out->path, NULL) == LT_OK)
            out->fs = at->fs;
    if (!out->fs)
        return LT_SKIP;
    if (!out->name.len)
        out->name = linked_name(ctx, out->fs, out->source);
    if (!out->name.len)
        out->name = lt_str_dup(ctx->run, lt_zone_name_in(out->path));
    return lt_fs_stat(out->fs, out->path, ctx->scratch, &node, NULL) == LT_OK && S_ISREG(node.mode) ? LT_OK : LT_END;
}

static const struct lt_mount *mounted_over(const struct viewer *viewer, struct lt_str path)
{
    return viewer->container ? lt_mount_over(viewer->container, path) : NULL;
}

static enum lt_status look_up(const struct viewer *viewer, struct lt_str path, struct lt_view *out, struct lt_err *err)
{
    return viewer->container ? lt_lower_lookup(viewer->reader, viewer->container, path, out, err)
                             : lt_view_lookup(viewer->reader, viewer->root, path, out, err);
}

/* The regular file that is seen at `path`. LT_END: there is none that can be opened. LT_SKIP: unknown, because a layer
 * cannot be read. Nothing is reported here: the walk of the layer does that. */
static enum lt_status see_file(const struct viewer *viewer, struct lt_str path, struct seen *out)
{
    struct lt_ctx *ctx = viewer->reader->ctx;
    struct lt_err problem = {0};
    struct lt_view view = {0};
    const struct lt_mount *over = mounted_over(viewer, path);
    *out = (struct seen){0};
    if (over)
        return see_mounted(ctx, over, path, out);
    enum lt_status status = look_up(viewer, path, &view, &problem);
    struct lt_str linked = lt_str_dup(ctx->run, lt_zone_name_in(view.target));
    path = lt_str_format(ctx->run, DATABASE "%.*s", LT_ARG(linked));
    over = linked.len ? mounted_over(viewer, path) : NULL;
    if (over) /* a database that is mounted */
        return see_mounted(ctx, over, path, out);
    if (view.data.len) {
        *out = (struct seen){.fs = ctx->fs, .path = view.data};
        out->name = lt_str_dup(ctx->run, linked.len ? linked : lt_zone_name_in(view.inside));
        return LT_OK;
    }
    return status == LT_SKIP && !view.node.mode && strcmp(problem.code, LT_CODE_CYCLE) != 0 ? LT_SKIP : LT_END;
}

/* Load the rules of a zone by its name as a program in the container would; otherwise from the host's database. */
static void rules_by_name(const struct viewer *viewer, struct lt_str name, struct lt_zone_info *zone)
{
    struct lt_ctx *ctx = viewer->reader->ctx;
    struct seen file;
    struct lt_str path =
        lt_str_starts(name, LT_STR("/")) ? name : lt_str_format(ctx->scratch, DATABASE "%.*s", LT_ARG(name));
    bool safe = lt_zone_is_name(lt_str_starts(name, LT_STR("/")) ? lt_str_skip(name, 1) : name);
    enum lt_status status = safe ? see_file(viewer, path, &file) : LT_END;
    if (status == LT_OK && lt_zone_read(ctx, file.fs, file.path, zone))
        return;
    if (lt_zone_posix(name, &zone->rules))
        zone->known = true;
    else if (lt_zone_of_host(ctx, name, zone))
        zone->from =
            lt_str_format(ctx->run, "%.*s (%s%s: those of the host's database)", LT_ARG(zone->from), viewer->whose,
                          status == LT_END ? " has no rules for it" : "'s rules for it cannot be read");
    else
        lt_zone_by_name(ctx, name, zone);
}

static bool by_environment(const struct viewer *viewer, struct lt_container *container)
{
    struct lt_str name = container->tz;
    if (!container->tz_field)
        return false;
    if (lt_str_starts(name, LT_STR(":")))
        name = lt_str_skip(name, 1);
    if (!name.len)
        name = LT_STR("UTC"); /* meaning of an empty TZ */
    struct lt_str relative = lt_zone_name_in(name);
    container->zone.name = relative.len ? relative : name;
    container->zone.from = lt_str_format(viewer->reader->ctx->run, "TZ in %s", container->tz_field);
    rules_by_name(viewer, name, &container->zone);
    return true;
}

/* The rules of the container's /etc/localtime, which may be a bind of the host's. */
static enum lt_status localtime_of(const struct viewer *viewer, struct lt_zone_info *zone)
{
    struct lt_ctx *ctx = viewer->reader->ctx;
    struct seen file;
    enum lt_status status = see_file(viewer, LT_STR("/etc/localtime"), &file);
    bool read = status == LT_OK && lt_zone_read(ctx, file.fs, file.path, zone);
    if (!read && !file.source.len)
        return status == LT_OK ? LT_END : status;
    zone->name = file.name;
    zone->from = lt_str_format(ctx->run, "/etc/localtime of %s", viewer->whose);
    if (!file.source.len)
        return LT_OK;
    zone->from = lt_str_format(ctx->run, "bind of %.*s", LT_ARG(file.source));
    if (read && lt_str_eq(file.source, LT_STR("/etc/localtime"))) {
        zone->name = ctx->host->zone.name;
        zone->unnamed = ctx->host->zone.unnamed;
    }
    return LT_OK;
}

/* The zone that /etc/timezone names, as a claim. */
static enum lt_status timezone_of(const struct viewer *viewer, struct lt_list *claims)
{
    struct lt_ctx *ctx = viewer->reader->ctx;
    struct seen file;
    enum lt_status status = see_file(viewer, LT_STR("/etc/timezone"), &file);
    struct lt_str name = status == LT_OK ? read_name(ctx, file.fs, file.path) : LT_STR("");
    if (!name.len)
        return status;
    struct lt_zone_info *claim = lt_new(ctx->run, struct lt_zone_info);
    *claim = (struct lt_zone_info){.name = name};
    rules_by_name(viewer, name, claim);
    claim->from = lt_str_format(ctx->run, "/etc/timezone of %s", viewer->whose); /* wherever its rules are from */
    lt_list_add(claims, ctx->run, claim);
    return status;
}

/* True as well if the layers that may hold these files cannot be read. The zone is then unknown. */
static bool by_files(struct lt_zone_rules *rules, const struct viewer *viewer, struct lt_zone_info *zone)
{
    struct lt_list claims = {0};
    enum lt_status status = localtime_of(viewer, zone);
    enum lt_status name_status = timezone_of(viewer, &claims);
    if (status != LT_OK && claims.count)
        *zone = *(const struct lt_zone_info *)claims.items[0];
    lt_zone_settle(rules, zone, &claims);
    return zone->from.len || status == LT_SKIP || name_status == LT_SKIP;
}

static void find_container(struct lt_zone_rules *rules, struct lt_lower_reader *reader, struct lt_container *container)
{
    const struct viewer viewer = {.reader = reader, .container = container, .whose = "the container"};
    if (by_environment(&viewer, container) || by_files(rules, &viewer, &container->zone))
        return;
    if (container->rw) /* default of the C libraries */
        container->zone =
            (struct lt_zone_info){.name = LT_STR("UTC"), .from = LT_STR("no TZ and no /etc/localtime"), .known = true};
}

void lt_zone_of_layer(struct lt_ctx *ctx, struct lt_layer *layer, struct lt_zone_info *out)
{
    struct lt_ctx there = lt_ctx_at(ctx, layer->root);
    struct lt_lower_reader reader = {.ctx = &there};
    struct lt_zone_rules rules = {.ctx = &there};
    const struct lt_view_root root = lt_view_from_layer(&reader, layer);
    const struct viewer viewer = {.reader = &reader, .root = &root, .whose = "the image"};
    *out = (struct lt_zone_info){0};
    if (root.layers && !by_files(&rules, &viewer, out))
        *out = (struct lt_zone_info){.name = LT_STR("UTC"), .from = LT_STR("no /etc/localtime"), .known = true};
    lt_zone_rules_end(&rules);
    lt_lower_end(&reader);
}

static void find_containers(struct lt_zone_rules *rules, struct lt_ctx *ctx)
{
    struct lt_ctx there = *ctx;
    struct lt_lower_reader reader = {.ctx = &there};
    lt_each (struct lt_container, container, &ctx->root->containers) {
        lt_arena_reset(ctx->scratch);
        there = lt_ctx_at(ctx, container->rw ? container->rw->root : container->root); /* where its layers are */
        find_container(rules, &reader, container);
    }
    lt_lower_end(&reader);
}

void lt_zone_describe(struct lt_buf *out, const struct lt_zone_info *zone)
{
    lt_buf_printf(out, "%.*s by %.*s", LT_ARG(zone->name.len ? zone->name : LT_STR("a nameless one")),
                  LT_ARG(zone->from));
}

void lt_zones_find(struct lt_ctx *ctx)
{
    struct lt_zone_rules rules = {.ctx = ctx};
    find_by_files(&rules);
    check_offsets(ctx);
    lt_each (struct lt_root, root, &ctx->host->roots) {
        struct lt_ctx there = lt_ctx_at(ctx, root);
        find_containers(&rules, &there);
    }
    lt_zone_rules_end(&rules);
}
