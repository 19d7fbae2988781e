// SPDX-License-Identifier: Apache-2.0
#include "overlay/places.h"

enum { MAX_TOLD = 64 }; /* mounts that are told of a file one by one */

const struct lt_mount *lt_mount_over(const struct lt_container *container, struct lt_str path)
{
    const struct lt_mount *over = NULL;
    for (; path.len && !over; path = lt_str_dirname(path))
        over = lt_map_get(&container->mount_at, path);
    return over;
}

bool lt_place_of(const struct lt_mount_user *user, struct lt_str path, struct lt_arena *arena, struct lt_place *out)
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

struct lt_str lt_place_common(const struct lt_list *users, struct lt_str path, struct lt_arena *arena)
{
    struct lt_str common = LT_STR("");
    lt_each (const struct lt_mount_user, user, users) {
        struct lt_place place;
        if (!lt_place_of(user, path, arena, &place))
            continue;
        if (common.len && !lt_str_eq(common, place.inside))
            return LT_STR("");
        common = place.inside;
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
    struct lt_str *fact = lt_new(arena, struct lt_str);
    *fact = lt_str_dup(arena, lt_buf_view(text));
    lt_list_add(facts, arena, fact);
    lt_buf_free(text);
}

static void add_user(struct lt_buf *out, const struct lt_mount_user *user)
{
    lt_owner_label(out, &user->container->owner);
    if (!user->mount->writable)
        lt_buf_lit(out, " (read-only)");
}

/* Those that see it at the place of the user `first`, who is the first to do so. */
static void tell_seen(const struct lt_list *users, size_t first, const struct lt_place *places, struct lt_arena *arena,
                      struct lt_list *facts)
{
    struct lt_buf text = {0};
    lt_buf_printf(&text, "seen at %.*s by ", LT_ARG(places[first].inside));
    for (size_t i = first; i < users->count; i++) {
        if (places[i].over || !lt_str_eq(places[i].inside, places[first].inside))
            continue;
        if (i > first)
            lt_buf_lit(&text, ", ");
        add_user(&text, users->items[i]);
    }
    add_fact(facts, arena, &text);
}

static void tell_hidden(const struct lt_mount_user *user, const struct lt_place *place, struct lt_arena *arena,
                        struct lt_list *facts)
{
    struct lt_buf text = {0};
    lt_buf_printf(&text, "hidden at %.*s from ", LT_ARG(place->inside));
    add_user(&text, user);
    lt_buf_lit(&text, " by ");
    lt_mount_label(&text, place->over);
    add_fact(facts, arena, &text);
}

static void tell_unreached(const struct lt_mount_user *user, struct lt_arena *arena, struct lt_list *facts)
{
    struct lt_buf text = {0};
    lt_buf_lit(&text, "not seen by ");
    add_user(&text, user);
    lt_buf_printf(&text, ", which mounts /%.*s of it at %.*s", LT_ARG(user->mount->subpath),
                  LT_ARG(user->mount->destination));
    add_fact(facts, arena, &text);
}

/* Did someone before see it at the same place? Then that fact tells both. */
static bool is_told(const struct lt_place *places, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (!places[i].over && lt_str_eq(places[i].inside, places[at].inside))
            return true;
    return false;
}

static void tell_rest(size_t count, struct lt_arena *arena, struct lt_list *facts)
{
    struct lt_buf text = {0};
    lt_buf_printf(&text, "and %zu more mounts of it, whose places are not listed", count);
    add_fact(facts, arena, &text);
}

void lt_places_tell(const struct lt_list *users, struct lt_str path, struct lt_arena *arena, struct lt_list *facts)
{
    const struct lt_mount_user *first = users->count ? users->items[0] : NULL;
    const struct lt_list told = {.items = users->items, .count = users->count < MAX_TOLD ? users->count : MAX_TOLD};
    struct lt_place *places = lt_new_array(arena, struct lt_place, told.count + 1);
    for (size_t i = 0; i < told.count; i++)
        lt_place_of(told.items[i], path, arena, &places[i]);
    if (users->count == 1 && first->mount->writable && places[0].inside.len && !places[0].over)
        return; /* the owner says it all */
    for (size_t i = 0; i < told.count; i++) {
        if (!places[i].inside.len)
            tell_unreached(told.items[i], arena, facts);
        else if (places[i].over)
            tell_hidden(told.items[i], &places[i], arena, facts);
        else if (!is_told(places, i))
            tell_seen(&told, i, places, arena, facts);
    }
    if (told.count < users->count)
        tell_rest(users->count - told.count, arena, facts);
}
