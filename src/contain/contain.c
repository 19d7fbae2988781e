// SPDX-License-Identifier: Apache-2.0
#include "contain/contain.h"

#include "base/sha256.h"
#include "contain/capabilities.h"
#include "contain/filter.h"
#include "contain/landlock.h"

#include <sys/prctl.h>

/* What of this machine is read: its tz database (clock/localzone.c), what malloc looks at before it gives memory back,
 * and what jansson makes its hashes with. */
static void add_machine(struct lt_list *paths, struct lt_arena *arena)
{
    static const char *const machine[] = {
        "/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo",        "/etc/zoneinfo",
        "/etc/localtime",      "/proc/self",        "/proc/sys/vm/overcommit_memory", "/dev/urandom",
    };
    for (size_t i = 0; i < sizeof machine / sizeof *machine; i++)
        lt_list_add_str(paths, arena, lt_str_c(machine[i]));
}

static void lack(struct lt_contained *out, const char *what)
{
    lt_buf_printf(&out->lacks, "%s%s", out->lacks.len ? ", " : "", what);
}

/* libcrypto reads its configuration once, when it is used first. */
static void warm_up(void)
{
    struct lt_buf ignored = {0};
    lt_sha256_finish(lt_sha256_new(), &ignored);
    lt_buf_free(&ignored);
}

void lt_contain_enter(const struct lt_contain_args *args, struct lt_contained *out)
{
    struct lt_arena arena = {0};
    struct lt_list paths = {0};
    lt_each (const struct lt_str, path, args->readable)
        lt_list_add_str(&paths, &arena, *path);
    if (!args->bare) {
        add_machine(&paths, &arena);
        warm_up();
    }
    *out = (struct lt_contained){.entered = true, .lacks = out->lacks, .apart = out->apart};
    out->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    out->landlock = lt_landlock_enter(&paths);
    out->dropped = lt_capabilities_drop(args->directories, args->readable, &out->capabilities);
    out->filtered = lt_filter_enter(paths.count);
    if (!out->no_new_privs)
        lack(out, "no_new_privs");
    if (!out->landlock)
        lack(out, "Landlock");
    if (!out->dropped)
        lack(out, "capabilities");
    if (!out->filtered && lt_filter_built_in())
        lack(out, "seccomp");
    lt_arena_free(&arena);
}

void lt_contain_describe(struct lt_buf *out)
{
    int landlock = lt_landlock_version();
    const char *version = lt_filter_version();
    if (landlock)
        lt_buf_printf(out, "Landlock %d", landlock);
    else
        lt_buf_lit(out, "no Landlock in this kernel (files of this machine are not fenced)");
    if (!version)
        lt_buf_lit(out, ", libseccomp not built in (calls of the kernel are not filtered)");
    else
        lt_buf_printf(out, ", libseccomp %s%s", version, lt_filter_built_in() ? "" : " (not used with a sanitizer)");
}
