// SPDX-License-Identifier: Apache-2.0
#include "read/mount_table.h"

#include "parse/unitfile.h"

#include <string.h>

enum { MAX_TABLE = 1024 * 1024, MAX_UNIT = 65536 };

static bool is_bind(struct lt_str options)
{
    return lt_fstab_has(options, "bind") || lt_fstab_has(options, "rbind");
}

/* "/a//b/" as readers want it. */
static struct lt_str tidy(struct lt_arena *arena, struct lt_str path)
{
    struct lt_str out = LT_STR("");
    while (path.len) {
        struct lt_str name = lt_str_cut(&path, '/');
        if (name.len && !lt_str_eq(name, LT_STR(".")))
            out = lt_path_join(arena, out, name);
    }
    return out;
}

static void add_line(struct lt_ctx *ctx, struct lt_host *host, const struct lt_fstab_line *line, struct lt_str from)
{
    struct lt_str value;
    bool bind = is_bind(line->options);
    if (!line->at.len || line->at.ptr[0] != '/' || memmem(line->at.ptr, line->at.len, "..", 2))
        return;
    struct lt_str at = tidy(ctx->run, line->at);
    if (!at.len && lt_fstab_device(line->spec, &value) == LT_BY_NODE)
        host->root_device = lt_str_dup(ctx->run, line->spec);
    if (!at.len ||
        (bind ? !lt_str_starts(line->spec, LT_STR("/")) : lt_fstab_device(line->spec, &value) == LT_BY_NOTHING))
        return;
    lt_host_add_placed(ctx->inventory, host,
                       (struct lt_placed){
                           .at = at,
                           .device = bind ? tidy(ctx->run, line->spec) : lt_str_dup(ctx->run, line->spec),
                           .from = lt_str_dup(ctx->run, from),
                           .options = lt_str_dup(ctx->run, line->options),
                           .bind = bind,
                       });
}

static void read_fstab(struct lt_ctx *ctx, struct lt_host *host)
{
    const struct lt_str name = LT_STR("/etc/fstab");
    struct lt_str path, text;
    struct lt_fstab_line line;
    size_t bad = 0;
    if (lt_follow_or_skip(ctx, name, MAX_TABLE, &path, &text) != LT_OK)
        return;
    for (enum lt_status status; (status = lt_fstab_next(&text, ctx->scratch, &line)) != LT_END;) {
        bad += status == LT_SKIP;
        if (status == LT_OK)
            add_line(ctx, host, &line, name);
    }
    if (bad)
        lt_skip(ctx, path, LT_CODE_DAMAGED, "%zu lines that are no device and mount point", bad);
}

static void read_unit(struct lt_ctx *ctx, struct lt_host *host, struct lt_str path)
{
    struct lt_fstab_line mount = {.type = LT_STR("")};
    struct lt_unit_line line;
    struct lt_str text;
    if (lt_read_or_skip(ctx, path, MAX_UNIT, LT_OPTIONAL, &text) != LT_OK)
        return;
    struct lt_unit_text unit = {.rest = text};
    for (enum lt_status status; (status = lt_unit_next(&unit, ctx->scratch, &line)) != LT_END;) {
        if (status != LT_OK || !lt_str_eq(line.section, LT_STR("Mount")))
            continue;
        if (lt_str_eq(line.key, LT_STR("What")))
            mount.spec = line.value;
        else if (lt_str_eq(line.key, LT_STR("Where")))
            mount.at = line.value;
        else if (lt_str_eq(line.key, LT_STR("Options")))
            mount.options = line.value;
    }
    add_line(ctx, host, &mount, path);
}

/* Whether a unit is enabled is not asked: a disk that was mounted by hand belongs to the host as well. */
static void read_units(struct lt_ctx *ctx, struct lt_host *host, const char *directory)
{
    struct lt_listing listing;
    struct lt_str path;
    if (lt_resolve_or_skip(ctx, lt_str_c(directory), &path) != LT_OK || lt_list_or_skip(ctx, path, &listing) == LT_END)
        return;
    for (size_t i = 0; i < listing.count; i++)
        if (S_ISREG(listing.nodes[i].mode) && lt_str_ends(listing.nodes[i].name, LT_STR(".mount")))
            read_unit(ctx, host, lt_path_join(ctx->scratch, path, listing.nodes[i].name));
}

void lt_mount_table_read(struct lt_ctx *ctx, struct lt_host *host)
{
    static const char *const units[] = {"/etc/systemd/system", "/usr/local/lib/systemd/system",
                                        "/usr/lib/systemd/system"};
    struct lt_ctx there = lt_ctx_on(ctx, host->etc);
    there.host = host;
    read_fstab(&there, host);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        read_units(&there, host, units[i]);
}
