// SPDX-License-Identifier: Apache-2.0
#include "overlay/mount_views.h"

enum { MAX_LISTED = 64 }; /* mounts of a file that its row lists one by one */

const struct lt_mount *lt_mount_over(const struct lt_container *container, struct lt_str path)
{
    const struct lt_mount *over = NULL;
    for (; path.len && !over; path = lt_str_dirname(path))
        over = lt_map_get(&container->mount_at, path);
    return over;
}

bool lt_mount_view_of(const struct lt_mount_user *user, struct lt_str path, struct lt_arena *arena,
                      struct lt_mount_view *out)
{
    struct lt_str rest;
    if (user->nowhere || !user->mount->destination.len || !lt_path_behind(path, user->source, &rest))
        return false;
    out->inside = lt_str_format(arena, "%.*s%.*s", LT_ARG(user->mount->destination), LT_ARG(rest));
    out->over = lt_mount_over(user->container, out->inside);
    if (out->over == user->mount)
        out->over = NULL;
    return true;
}

struct lt_str lt_mount_view_common(const struct lt_list *users, struct lt_str path, struct lt_arena *arena)
{
    struct lt_str common = LT_STR("");
    lt_each (const struct lt_mount_user, user, users) {
        struct lt_mount_view view;
        if (!lt_mount_view_of(user, path, arena, &view))
            continue;
        if (common.len && !lt_str_eq(common, view.inside))
            return LT_STR("");
        common = view.inside;
    }
    return common;
}

void lt_mount_label(struct lt_buf *out, const struct lt_mount *mount)
{
    struct lt_str source = mount->name.len ? mount->name : mount->source;
    lt_buf_add(out, mount->type);
    if (source.len)
        lt_buf_char(out, ' ');
    lt_buf_add(out, source);
    lt_buf_printf(out, " at %.*s", LT_ARG(mount->destination));
}

static void add_fact(struct lt_list *facts, struct lt_arena *arena, struct lt_buf *text)
{
    lt_list_add_str(facts, arena, lt_str_dup(arena, lt_buf_view(text)));
    lt_buf_free(text);
}

static void add_user(struct lt_buf *out, const struct lt_mount_user *user)
{
    lt_owner_label(out, &user->container->owner);
    if (!user->mount->writable)
        lt_buf_lit(out, " (read-only)");
}

/* List all users that see the file where the user `first` sees it. No user before `first` does. */
static void add_seen(const struct lt_list *users, size_t first, const struct lt_mount_view *views,
                     struct lt_arena *arena, struct lt_list *facts)
{
    struct lt_buf text = {0};
    lt_buf_printf(&text, "seen at %.*s by ", LT_ARG(views[first].inside));
    for (size_t i = first; i < users->count; i++) {
        if (views[i].over || !lt_str_eq(views[i].inside, views[first].inside))
            continue;
        if (i > first)
            lt_buf_lit(&text, ", ");
        add_user(&text, users->items[i]);
    }
    add_fact(facts, arena, &text);
}

static void add_hidden(const struct lt_mount_user *user, const struct lt_mount_view *view, struct lt_arena *arena,
                       struct lt_list *facts)
{
    struct lt_buf text = {0};
    lt_buf_printf(&text, "hidden at %.*s from ", LT_ARG(view->inside));
    add_user(&text, user);
    lt_buf_lit(&text, " by ");
    lt_mount_label(&text, view->over);
    add_fact(facts, arena, &text);
}

static void add_unreached(const struct lt_mount_user *user, struct lt_arena *arena, struct lt_list *facts)
{
    struct lt_buf text = {0};
    bool known = user->mount->destination.len;
    lt_buf_add(&text, known ? LT_STR("not seen by ") : LT_STR("seen at an unknown path by "));
    add_user(&text, user);
    if (known)
        lt_buf_printf(&text, ", which mounts /%.*s of it at %.*s", LT_ARG(user->mount->subpath),
                      LT_ARG(user->mount->destination));
    add_fact(facts, arena, &text);
}

/* Does a user before this one see the file at the same path? Then the fact about that user lists both. */
static bool is_added(const struct lt_mount_view *views, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (!views[i].over && lt_str_eq(views[i].inside, views[at].inside))
            return true;
    return false;
}

static void add_rest(size_t count, struct lt_arena *arena, struct lt_list *facts)
{
    struct lt_buf text = {0};
    lt_buf_printf(&text, "and %zu more mounts of it, whose places are not listed", count);
    add_fact(facts, arena, &text);
}

void lt_mount_views_add(const struct lt_list *users, struct lt_str path, struct lt_arena *arena, struct lt_list *facts)
{
    const struct lt_mount_user *first = users->count ? users->items[0] : NULL;
    const struct lt_list listed = {.items = users->items,
                                   .count = users->count < MAX_LISTED ? users->count : MAX_LISTED};
    struct lt_mount_view *views = lt_new_array(arena, struct lt_mount_view, listed.count + 1);
    for (size_t i = 0; i < listed.count; i++)
        lt_mount_view_of(listed.items[i], path, arena, &views[i]);
    if (users->count == 1 && first->mount->writable && views[0].inside.len && !views[0].over)
        return; /* the owner of the row says all of this */
    for (size_t i = 0; i < listed.count; i++) {
        if (!views[i].inside.len)
            add_unreached(listed.items[i], arena, facts);
        else if (views[i].over)
            add_hidden(listed.items[i], &views[i], arena, facts);
        else if (!is_added(views, i))
            add_seen(&listed, i, views, arena, facts);
    }
    if (listed.count < users->count)
        add_rest(users->count - listed.count, arena, facts);
}
