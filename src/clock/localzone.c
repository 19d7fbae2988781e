// SPDX-License-Identifier: Apache-2.0
#include "clock/localzone.h"

#include "base/near.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Where distributions keep it. TZDIR is ignored: the environment must not change the output. */
static const char *const places[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo",
                                     "/etc/zoneinfo"};
enum { PLACES = sizeof places / sizeof *places };

/* Can it be the path of a file inside the database's directory? */
static bool is_name(struct lt_str name)
{
    for (struct lt_str rest = name; rest.len;) {
        struct lt_str part = lt_str_cut(&rest, '/');
        if (!part.len || part.ptr[0] == '.')
            return false;
    }
    return name.len && !lt_str_ends(name, LT_STR("/"));
}

static struct lt_str slurp(const char *path, struct lt_arena *arena)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return LT_STR("");
    char *bytes = lt_arena_alloc(arena, LT_MAX_TZIF);
    size_t length = fread(bytes, 1, LT_MAX_TZIF, file);
    fclose(file);
    return (struct lt_str){bytes, length};
}

/* The first line of a file of the database, or "". */
static struct lt_str first_line(const char *directory, const char *name, struct lt_arena *arena)
{
    struct lt_str text = slurp(lt_str_format(arena, "%s/%s", directory, name).ptr, arena);
    return lt_str_trim(lt_str_cut(&text, '\n'));
}

struct lt_localzone_database lt_localzone_database(struct lt_arena *arena)
{
    struct lt_localzone_database found = {.path = LT_STR(""), .version = LT_STR("unknown")};
    const struct lt_str before = LT_STR("# version ");
    size_t at = 0;
    while (at < PLACES && access(places[at], R_OK | X_OK) != 0)
        at++;
    if (at == PLACES)
        return found;
    found.path = lt_str_c(places[at]);
    struct lt_str rules = first_line(places[at], "tzdata.zi", arena), own = first_line(places[at], "+VERSION", arena);
    if (lt_str_starts(rules, before))
        found.version = lt_str_skip(rules, before.len);
    else if (own.len)
        found.version = own;
    return found;
}

/* Copies of the whole database, and of the zone that is set. */
static bool is_double(const char *name)
{
    return strcmp(name, "posix") == 0 || strcmp(name, "posixrules") == 0 || strcmp(name, "localtime") == 0;
}

struct named {
    struct lt_str name;
    struct lt_zone rules;
};

static int by_name(const void *a, const void *b)
{
    const struct named *const *left = a, *const *right = b;
    return lt_str_cmp((*left)->name, (*right)->name);
}

static void add_zone(struct lt_localzone_database *database, const char *path, struct lt_arena *arena,
                     struct lt_arena *scratch)
{
    struct lt_zone rules;
    lt_arena_reset(scratch);
    struct lt_str bytes = slurp(path, scratch);
    if (lt_tzif_parse(bytes, &rules, NULL) != LT_OK || lt_tzif_parse(lt_str_dup(arena, bytes), &rules, NULL) != LT_OK)
        return; /* the directory holds other files, too */
    struct named *named = lt_new(arena, struct named);
    *named = (struct named){lt_str_dup(arena, lt_str_skip(lt_str_c(path), database->path.len + 1)), rules};
    lt_list_add(&database->zones, arena, named);
}

static void load(struct lt_localzone_database *database, struct lt_arena *arena)
{
    char *const tops[] = {(char *)(size_t)lt_str_dup(arena, database->path).ptr, NULL};
    FTS *tree = database->path.len ? fts_open(tops, FTS_LOGICAL | FTS_NOCHDIR, NULL) : NULL;
    struct lt_arena scratch = {0};
    database->loaded = true;
    for (FTSENT *entry; tree && (entry = fts_read(tree));)
        if (is_double(entry->fts_name))
            fts_set(tree, entry, FTS_SKIP);
        else if (entry->fts_info == FTS_F)
            add_zone(database, entry->fts_path, arena, &scratch);
    if (tree)
        fts_close(tree);
    if (database->zones.count)
        qsort(database->zones.items, database->zones.count, sizeof *database->zones.items, by_name);
    lt_arena_free(&scratch);
}

void lt_localzone_names(struct lt_localzone_database *database, const struct lt_zone *rules, struct lt_arena *arena,
                        struct lt_list *names)
{
    if (!database->loaded)
        load(database, arena);
    lt_each (const struct named, named, &database->zones)
        if (!lt_zone_differ(rules, &named->rules, NULL))
            lt_list_add(names, arena, &named->name);
}

/* No zone has that name. Name the nearest. */
static enum lt_status refuse(const char *name, struct lt_arena *arena, struct lt_err *err)
{
    struct lt_localzone_database database = lt_localzone_database(arena);
    struct lt_near near = {.wanted = lt_str_c(name)};
    load(&database, arena);
    lt_each (const struct named, named, &database.zones)
        lt_near_try(&near, named->name);
    struct lt_buf hint = {0};
    if (near.best.len)
        lt_buf_printf(&hint, ": did you mean '%.*s'?", LT_ARG(near.best));
    lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "no time zone '%s' in this machine's tz database%.*s", name,
            LT_ARG(lt_buf_view(&hint)));
    lt_buf_free(&hint);
    return LT_SKIP;
}

enum lt_status lt_localzone_load(const char *name, struct lt_arena *arena, struct lt_zone *out, struct lt_str *file,
                                 struct lt_err *err)
{
    bool found = false;
    struct lt_str path = LT_STR("");
    for (size_t i = 0; !found && is_name(lt_str_c(name)) && i < PLACES; i++) {
        path = lt_str_format(arena, "%s/%s", places[i], name);
        struct lt_str bytes = slurp(path.ptr, arena);
        found = bytes.len && lt_tzif_parse(bytes, out, NULL) == LT_OK;
    }
    if (file)
        *file = found ? path : LT_STR("");
    if (found || lt_zone_posix(lt_str_c(name), out))
        return LT_OK;
    *out = (struct lt_zone){0};
    if (strcmp(name, "UTC") == 0)
        return LT_OK;
    return refuse(name, arena, err);
}
