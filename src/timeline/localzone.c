// SPDX-License-Identifier: Apache-2.0
#include "timeline/localzone.h"

#include <stdio.h>

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

enum lt_status lt_localzone_load(const char *name, struct lt_arena *arena, struct lt_zone *out, struct lt_err *err)
{
    /* Where distributions keep it. TZDIR is ignored: the environment must not change the output. */
    static const char *const places[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo",
                                         "/etc/zoneinfo"};
    bool found = false;
    for (size_t i = 0; !found && is_name(lt_str_c(name)) && i < sizeof places / sizeof *places; i++) {
        struct lt_str bytes = slurp(lt_str_format(arena, "%s/%s", places[i], name).ptr, arena);
        found = bytes.len && lt_tzif_parse(bytes, out, NULL) == LT_OK;
    }
    if (found || lt_zone_posix(lt_str_c(name), out))
        return LT_OK;
    *out = (struct lt_zone){0};
    if (strcmp(name, "UTC") == 0)
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "no time zone '%s' in this machine's tz database", name);
}
