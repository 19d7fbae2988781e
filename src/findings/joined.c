// SPDX-License-Identifier: Apache-2.0
#include "findings/joined.h"

#include "clock/filetimes.h"
#include "findings/contents.h"
#include "overlay/lookup.h"
#include "parse/apptime.h"

enum { FIRST_LINE = 4096, MOST_PRELOAD = 64 * 1024 };

static const int64_t SECOND = 1000000000, MINUTE = 60 * INT64_C(1000000000), QUARTER = 900 * INT64_C(1000000000);
static const int64_t WESTERNMOST = -12 * INT64_C(3600000000000), EASTERNMOST = 14 * INT64_C(3600000000000);

/* An image that came so long before its container was made came for it. */
static const int64_t FRESH = 600 * INT64_C(1000000000);

static void add_rule(struct lt_founds *founds, struct lt_found *found, enum lt_find rule)
{
    lt_found_rule(founds, found, rule, lt_find_infos[rule].severity);
}

static struct lt_str iso(struct lt_founds *founds, struct lt_time time)
{
    struct lt_buf text = {0};
    lt_time_iso(&text, time, 9);
    lt_buf_char(&text, 'Z');
    struct lt_str copy = lt_str_dup(founds->arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return copy;
}

/* --- logs that were born after their first line --- */

/* The container whose clock and zone made the lines of a file; NULL: there are several, or none. */
static const struct lt_container *writer_of(const struct lt_owner *owner)
{
    const struct lt_list *users = lt_owner_users(owner);
    return owner->container ? owner->container : users ? lt_only_user(users) : NULL;
}

/* The time in a line; form NULL: it has none, or its day is not known. */
static struct lt_apptime time_in(struct lt_str line, struct lt_time near)
{
    struct lt_apptime app = {0};
    if (!lt_apptime_find(line, near, &app) || app.no_day)
        app = (struct lt_apptime){0};
    return app;
}

/* The last line of an open file that ends in one. */
static struct lt_str last_line(struct lt_file *file, char *bytes, size_t size)
{
    uint64_t from = file->size > size ? file->size - size : 0;
    ssize_t got = lt_file_read(file, bytes, size, from, NULL);
    struct lt_str text = lt_str_trim((struct lt_str){bytes, got > 0 ? (size_t)got : 0});
    const char *start = text.len ? memrchr(text.ptr, '\n', text.len) : NULL;
    return start ? lt_str_skip(text, (size_t)(start + 1 - text.ptr)) : text;
}

/* How far the clock of the lines is east of UTC, in nanoseconds: the last line was written when the file was. A line
 * without a zone may be of any, whatever that of its container is; the westernmost there is makes it the latest. */
static int64_t offset_of(struct lt_file *file, const struct lt_found *found)
{
    char bytes[FIRST_LINE];
    struct lt_apptime app = time_in(last_line(file, bytes, sizeof bytes), found->written);
    if (!app.form || app.has_zone || !found->written.set)
        return WESTERNMOST;
    int64_t apart = lt_time_diff(found->written, app.time);
    if (apart < WESTERNMOST - MINUTE || apart > EASTERNMOST + MINUTE)
        return WESTERNMOST;
    int64_t quarters = (apart + (apart < 0 ? -QUARTER / 2 : QUARTER / 2)) / QUARTER, rest = apart - quarters * QUARTER;
    return rest > -MINUTE && rest < MINUTE ? quarters * QUARTER : WESTERNMOST;
}

/* The latest instant that the first line of an open file can be of; unset: it has no time. */
static struct lt_time first_time(struct lt_file *file, const struct lt_found *found, struct lt_err *err)
{
    char bytes[FIRST_LINE];
    ssize_t got = lt_file_read(file, bytes, sizeof bytes, 0, err);
    struct lt_str rest = {bytes, got > 0 ? (size_t)got : 0};
    struct lt_apptime app = time_in(lt_str_cut(&rest, '\n'), found->birth);
    if (!app.form)
        return (struct lt_time){0};
    /* A time of whole minutes may be that much later. */
    return lt_time_add(app.time, app.unit - (app.has_zone ? 0 : offset_of(file, found)));
}

static void check_log(struct lt_ctx *ctx, struct lt_founds *founds, struct lt_found *found)
{
    struct lt_file file;
    struct lt_err problem = {0};
    struct lt_ctx there = lt_ctx_on(ctx, lt_found_fs(found->owner));
    bool births = found->owner->container ? lt_births_kept(found->owner->root, found->owner->container)
                                          : lt_births_kept(found->owner->root, NULL);
    if (!found->birth.set || !births || !there.fs)
        return;
    struct lt_time first = {0};
    if (lt_file_open(there.fs, found->at, &file, &problem) == LT_OK) {
        first = first_time(&file, found, &problem);
        lt_file_close(&file);
    }
    if (problem.set)
        lt_skip_error(&there, found->at, &problem);
    if (!first.set || lt_time_diff(first, found->birth) < SECOND)
        return;
    lt_found_fact(founds, found, "its first line is of %.*s at the latest", LT_ARG(iso(founds, first)));
    add_rule(founds, found, LT_FIND_log_rewritten);
}

/* The engine makes the file when the container starts, and writes the first line after that. */
static void check_output(struct lt_founds *founds, const struct lt_output_log *log)
{
    struct lt_found *found = log->found;
    if (!found || !found->birth.set || lt_time_diff(log->first, found->birth) < 2 * SECOND ||
        !lt_births_kept(found->owner->root, found->owner->container))
        return;
    lt_found_fact(founds, found, "its first line is of %.*s", LT_ARG(iso(founds, log->first)));
    add_rule(founds, found, LT_FIND_output_rewritten);
}

/* --- what a preload file names --- */

/* Add the file that a container sees at `path`. */
static void add_preloaded(struct lt_lower_reader *reader, struct lt_founds *founds, const struct lt_found *by,
                          struct lt_str path)
{
    struct lt_view view;
    const struct lt_container *container = writer_of(by->owner);
    if (!container || lt_lower_lookup(reader, container, path, &view, NULL) != LT_OK || !S_ISREG(view.node.mode))
        return;
    struct lt_found *found = lt_founds_file(founds, &view.layer->owner, view.path, view.inside);
    found->readable = true;
    found->size = view.node.size;
    if (!found->row_count)
        for (unsigned slot = 0; slot < LT_SLOTS; slot++) {
            const struct lt_found_row row = {
                .time = view.node.time[slot], .desc = lt_slot_desc[slot], .data_type = "fs:stat"};
            if (row.time.set)
                lt_found_row(founds, found, &row, slot == LT_C || slot == LT_B);
        }
    lt_found_fact(founds, found, "%.*s names it", LT_ARG(by->path));
    add_rule(founds, found, LT_FIND_preloaded);
}

static void check_preload(struct lt_ctx *ctx, struct lt_founds *founds, const struct lt_found *found)
{
    struct lt_str text;
    struct lt_ctx there = lt_ctx_on(ctx, lt_found_fs(found->owner));
    struct lt_lower_reader reader = {.ctx = ctx};
    if (!found->readable || !there.fs || found->owner->bind ||
        lt_read_or_skip(&there, found->at, MOST_PRELOAD, LT_OPTIONAL, &text) != LT_OK)
        return;
    /* ld.so(8): names are separated by white space or colons; the rest of a line after # is a comment. */
    while (text.len) {
        struct lt_str line = lt_str_cut(&text, '\n');
        line = lt_str_cut(&line, '#');
        while (line.len) {
            struct lt_str name = line;
            while (line.len && !strchr(" \t:", line.ptr[0]))
                line = lt_str_skip(line, 1);
            name.len -= line.len;
            line = lt_str_skip(line, 1);
            if (name.len > 1 && name.ptr[0] == '/')
                add_preloaded(&reader, founds, found, name);
        }
    }
    lt_lower_end(&reader);
}

/* --- images --- */

static void add_naming_row(struct lt_founds *founds, struct lt_found *found, struct lt_time time, enum lt_kind kind)
{
    const struct lt_found_row row = {.time = time, .desc = lt_kinds[kind].desc, .data_type = lt_kinds[kind].data_type};
    lt_found_row(founds, found, &row, true);
}

static struct lt_str label_of(struct lt_founds *founds, const struct lt_container *container)
{
    struct lt_buf text = {0};
    lt_label(&text, container->name, container->id);
    struct lt_str label = lt_str_dup(founds->arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return label;
}

/* Tell which containers were made of an image after `since`. */
static void add_users(struct lt_founds *founds, struct lt_found *found, const struct lt_image *image,
                      struct lt_time since)
{
    lt_each (const struct lt_container, container, &image->users)
        if (container->created.set && lt_time_cmp(container->created, since) >= 0)
            lt_found_fact(founds, found, "%.*s was made of it at %.*s", LT_ARG(label_of(founds, container)),
                          LT_ARG(iso(founds, container->created)));
}

/* Did `lost` lose its last name at the moment at which `got` got one? */
static bool is_move(const struct lt_naming *lost, const struct lt_naming *got)
{
    if (!lost->lost || !got->named || lost->image == got->image || lost->image->root != got->image->root)
        return false;
    int64_t apart = lt_time_diff(lost->time, got->time);
    return apart > -SECOND && apart < SECOND;
}

static void check_names(struct lt_founds *founds)
{
    lt_each (const struct lt_naming, lost, &founds->namings)
        lt_each (const struct lt_naming, got, &founds->namings) {
            if (!is_move(lost, got))
                continue;
            struct lt_found *found = lt_founds_add(founds, LT_FIND_tag_moved, &got->image->owner);
            lt_found_fact(founds, found, "%.*s lost its last name when this image got %.*s", LT_ARG(lost->image->id),
                          LT_ARG(lt_image_name(got->image)));
            add_users(founds, found, got->image, got->time);
            add_naming_row(founds, found, lost->time, LT_KIND_IMAGE_REGISTERED);
            add_naming_row(founds, found, got->time, LT_KIND_IMAGE_REGISTERED);
        }
}

/* The image that has the name now; NULL: none. */
static const struct lt_image *image_named(const struct lt_root *root, struct lt_str name)
{
    lt_each (const struct lt_image, image, &root->images)
        if (lt_list_has_str(&image->names, name))
            return image;
    return NULL;
}

/* The same image may have two IDs: that of its configuration, and that of its manifest in a newer store. */
static bool is_same(const struct lt_image *a, const struct lt_image *b)
{
    bool same = a->diff_ids.count == b->diff_ids.count;
    lt_each (const struct lt_str, diff, &a->diff_ids)
        same = same && lt_str_eq(*diff, *(const struct lt_str *)b->diff_ids.items[diff_at]);
    return a == b || same;
}

static struct lt_str typed_image(const struct lt_container *container)
{
    for (size_t i = 0; i < container->fact_count; i++)
        if (container->facts[i].key == LT_ATTR_IMAGE)
            return container->facts[i].text;
    return LT_STR("");
}

static void check_typed_name(struct lt_founds *founds, const struct lt_container *container)
{
    struct lt_str typed = typed_image(container);
    const struct lt_image *now = typed.len ? image_named(container->root, typed) : NULL;
    if (!container->image || container->image->referenced_only || !now || is_same(container->image, now))
        return;
    struct lt_found *found = lt_founds_add(founds, LT_FIND_tag_moved, &container->owner);
    lt_found_fact(founds, found, "it was made of %.*s as %.*s, which means %.*s now", LT_ARG(container->image->id),
                  LT_ARG(typed), LT_ARG(now->id));
    add_naming_row(founds, found, container->created, LT_KIND_STATE_SET);
}

/* When the image last came or got a name before the container was made; unset: not known. */
static struct lt_time arrival(const struct lt_founds *founds, const struct lt_container *container)
{
    struct lt_time last = {0};
    lt_each (const struct lt_naming, naming, &founds->namings)
        if (naming->image == container->image && lt_time_cmp(naming->time, container->created) <= 0 &&
            (!last.set || lt_time_cmp(naming->time, last) > 0))
            last = naming->time;
    return last;
}

/* What is found of an image is told once, with all containers. */
static void check_fresh(struct lt_founds *founds, const struct lt_container *container, struct lt_map *told)
{
    if (!container->image || !container->created.set || container->infra)
        return;
    struct lt_time came = arrival(founds, container);
    if (!came.set || lt_time_diff(came, container->created) > FRESH)
        return;
    const struct lt_image *image = container->image;
    struct lt_str key = lt_str_format(founds->arena, "%p", (const void *)image);
    struct lt_found *found = lt_map_get(told, key);
    if (!found) {
        found = lt_founds_add(founds, LT_FIND_fresh_image, &image->owner);
        lt_map_put(told, founds->arena, key, found);
        add_naming_row(founds, found, came, LT_KIND_IMAGE_REGISTERED);
    }
    lt_found_fact(founds, found, "%.*s was made %jd s later", LT_ARG(label_of(founds, container)),
                  (intmax_t)(lt_time_diff(came, container->created) / SECOND));
}

/* --- all --- */

void lt_joined_inventory(const struct lt_inventory *inventory, struct lt_founds *founds)
{
    struct lt_map told = {0};
    check_names(founds);
    lt_each (const struct lt_output_log, log, &founds->outputs)
        check_output(founds, log);
    lt_each (const struct lt_root, root, &inventory->roots)
        lt_each (const struct lt_container, container, &root->containers) {
            check_typed_name(founds, container);
            check_fresh(founds, container, &told);
        }
    lt_each (const struct lt_host, host, &inventory->hosts)
        if (host->zone.conflict.len)
            lt_found_fact(founds, lt_founds_add(founds, LT_FIND_zones_differ, &host->owner), "%.*s",
                          LT_ARG(host->zone.conflict));
}

void lt_joined_contents(struct lt_ctx *ctx, struct lt_founds *founds)
{
    size_t count = founds->list.count; /* what is added on the way names no other file */
    lt_each (struct lt_found, log, &founds->logs)
        if (log->owner->root == ctx->root)
            check_log(ctx, founds, log);
    for (size_t i = 0; i < count; i++) {
        const struct lt_found *found = founds->list.items[i];
        if (found->rules & LT_FIND_BIT(preload) && found->owner->root == ctx->root)
            check_preload(ctx, founds, found);
    }
}
