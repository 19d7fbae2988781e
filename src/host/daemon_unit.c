// SPDX-License-Identifier: Apache-2.0
#include "host/daemon_unit.h"

#include "parse/unitfile.h"

#include <stdlib.h>

enum { MAX_SETTINGS = 10000 }; /* of a unit; the cost is quadratic */

/* A unit being loaded. */
struct reader {
    struct lt_daemon *daemon;
    struct lt_unit *unit;
    struct lt_list directories; /* of struct lt_str *: existing ones, links resolved, each once */
};

/* A drop-in; the first one found of a name counts. */
struct dropin {
    struct lt_str name, directory;
    bool hidden;
};

static void find_directories(struct reader *reader, const char *const *directories, struct lt_str home)
{
    struct lt_ctx *ctx = reader->daemon->ctx;
    for (; *directories; directories++) {
        struct lt_str path = lt_str_c(*directories), real;
        if (path.ptr[0] != '/')
            path = lt_path_join(ctx->scratch, home, path);
        if (lt_resolve_or_skip(ctx, path, &real) == LT_OK && !lt_list_has_str(&reader->directories, real))
            lt_list_add_str(&reader->directories, ctx->scratch, real);
    }
}

/* Add the assignments of one file, and let them revoke earlier ones. */
static void add_lines(struct reader *reader, struct lt_str text, struct lt_origin *origin)
{
    struct lt_arena *scratch = reader->daemon->ctx->scratch;
    struct lt_unit_text unit = {.rest = text};
    struct lt_unit_line line;
    unsigned bad = 0, more = 0;
    for (enum lt_status status; (status = lt_unit_next(&unit, scratch, &line)) != LT_END;) {
        bad += status != LT_OK;
        if (status != LT_OK || reader->unit->settings.count == MAX_SETTINGS) {
            more += status == LT_OK;
            continue;
        }
        bool single = lt_str_eq(line.key, LT_STR("SocketMode"));
        lt_each (struct lt_unit_setting, earlier, &reader->unit->settings)
            if ((single || !line.value.len) && !origin->idle && !earlier->idle && lt_str_eq(earlier->key, line.key) &&
                lt_str_eq(earlier->section, line.section))
                earlier->idle = "a later line of the unit takes it back";
        struct lt_unit_setting *setting = lt_new(scratch, struct lt_unit_setting);
        *setting = (struct lt_unit_setting){line.section, line.key, line.value, origin, line.line, origin->idle};
        lt_list_add(&reader->unit->settings, scratch, setting);
        if (!lt_str_eq(line.section, LT_STR("Unit")) && !lt_str_eq(line.section, LT_STR("Install")))
            lt_origin_fact(reader->daemon, origin, line.key, line.value);
    }
    if (more)
        lt_skip(reader->daemon->ctx, origin->path, LT_CODE_TOO_LARGE, "%u lines beyond the first %d of a unit", more,
                MAX_SETTINGS);
    if (bad)
        lt_skip(reader->daemon->ctx, origin->path, LT_CODE_DAMAGED, "%u lines that systemd does not understand", bad);
}

/* Read a file of the unit. False if it masks the unit: it is a link to /dev/null or empty. `idle` as in struct
 * lt_origin. */
static bool add_file(struct reader *reader, struct lt_str directory, struct lt_str name, const char *idle)
{
    struct lt_daemon *daemon = reader->daemon;
    struct lt_str path = lt_path_join(daemon->ctx->scratch, directory, name), text;
    struct lt_origin *origin;
    struct lt_node node;
    if (lt_stat_or_skip(daemon->ctx, path, &node) != LT_OK)
        return true;
    if (S_ISLNK(node.mode) && lt_str_eq(node.target, LT_STR("/dev/null"))) {
        lt_daemon_origin(daemon, path, &node, LT_RULE_UNIT_MASKED)->idle = idle;
        return false;
    }
    enum lt_status status = lt_daemon_read(daemon, path, LT_RULE_UNIT, &text, &origin);
    if (status == LT_END)
        lt_skip(daemon->ctx, path, LT_CODE_MISSING, "a link to '%.*s', which is not there", LT_ARG(node.target));
    if (status != LT_OK)
        return true;
    origin->idle = idle;
    if (!text.len)
        origin->rule = LT_RULE_UNIT_MASKED;
    add_lines(reader, text, origin);
    return text.len;
}

static void add_main(struct reader *reader, struct lt_str name)
{
    struct lt_unit *unit = reader->unit;
    lt_each (const struct lt_str, directory, &reader->directories) {
        struct lt_node node;
        struct lt_str path = lt_path_join(reader->daemon->ctx->scratch, *directory, name);
        if (lt_stat_or_skip(reader->daemon->ctx, path, &node) != LT_OK || S_ISDIR(node.mode))
            continue;
        const char *idle = unit->masked  ? "the unit is masked"
                           : unit->found ? "a file of the unit in a directory that comes first replaces it"
                                         : NULL;
        bool masks = !add_file(reader, *directory, name, idle);
        unit->masked |= masks && !unit->found;
        unit->found = true;
    }
}

static void find_dropins(struct reader *reader, struct lt_str folder, struct lt_map *names, struct lt_list *found)
{
    struct lt_ctx *ctx = reader->daemon->ctx;
    lt_each (const struct lt_str, directory, &reader->directories) {
        struct lt_listing listing;
        struct lt_str path = lt_path_join(ctx->scratch, *directory, folder);
        lt_list_or_skip(ctx, path, &listing);
        for (size_t i = 0; i < listing.count; i++) {
            if (!lt_str_ends(listing.nodes[i].name, LT_STR(".conf")) || S_ISDIR(listing.nodes[i].mode))
                continue;
            struct dropin *dropin = lt_new(ctx->scratch, struct dropin);
            *dropin = (struct dropin){listing.nodes[i].name, path, lt_map_get(names, listing.nodes[i].name)};
            if (!dropin->hidden)
                lt_map_put(names, ctx->scratch, dropin->name, dropin);
            lt_list_add(found, ctx->scratch, dropin);
        }
    }
}

static int by_name(const void *a, const void *b)
{
    const struct dropin *first = *(const struct dropin *const *)a, *second = *(const struct dropin *const *)b;
    int order = lt_str_cmp(first->name, second->name);
    return order ? order : lt_str_cmp(first->directory, second->directory);
}

static void add_dropins(struct reader *reader, struct lt_str name)
{
    struct lt_ctx *ctx = reader->daemon->ctx;
    struct lt_list found = {0};
    struct lt_map names = {0};
    const char *dot = memrchr(name.ptr, '.', name.len);
    struct lt_str type = lt_str_skip(name, (size_t)(dot + 1 - name.ptr));
    find_dropins(reader, lt_str_format(ctx->scratch, "%.*s.d", LT_ARG(name)), &names, &found);
    find_dropins(reader, lt_str_format(ctx->scratch, "%.*s.d", LT_ARG(type)), &names, &found);
    if (found.count)
        qsort(found.items, found.count, sizeof *found.items, by_name);
    lt_each (const struct dropin, dropin, &found)
        add_file(reader, dropin->directory, dropin->name,
                 reader->unit->masked ? "the unit is masked"
                 : dropin->hidden     ? "a drop-in of the same name in a directory that comes first replaces it"
                                      : NULL);
}

void lt_daemon_unit(struct lt_daemon *daemon, const char *const *directories, struct lt_str home, const char *name,
                    struct lt_unit *out)
{
    struct reader reader = {.daemon = daemon, .unit = out};
    *out = (struct lt_unit){0};
    find_directories(&reader, directories, home);
    add_main(&reader, lt_str_c(name));
    add_dropins(&reader, lt_str_c(name));
}
