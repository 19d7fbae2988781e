// SPDX-License-Identifier: Apache-2.0
#include "read/denied.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEPTH = 4, SHOWN = 3, MAX_PLACES = 256 };

/* Where items are denied, at most DEPTH deep: /var/lib/docker/containers. */
struct place {
    struct lt_str path;
    uint64_t count;
};

bool lt_is_denied(int sys)
{
    return (sys == EACCES || sys == EPERM) && geteuid() != 0;
}

static struct lt_str place_of(struct lt_str path)
{
    struct lt_str rest = lt_str_skip(path, 1);
    for (unsigned i = 0; i < DEPTH && rest.len; i++)
        lt_str_cut(&rest, '/');
    path.len -= rest.len ? rest.len + 1 : 0;
    return path;
}

void lt_denied_add(struct lt_denied *denied, struct lt_arena *arena, struct lt_str path)
{
    struct lt_str where = place_of(path);
    denied->count++;
    lt_each (struct place, place, &denied->places)
        if (lt_str_eq(place->path, where)) {
            place->count++;
            return;
        }
    if (denied->places.count == MAX_PLACES)
        return;
    struct place *place = lt_new(arena, struct place);
    *place = (struct place){lt_str_dup(arena, where), 1};
    lt_list_add(&denied->places, arena, place);
}

static int by_count(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return lt_str_cmp(left->path, right->path);
}

/* Copy the places, each with those that lie in it. Returns how many are left. */
static size_t merge(const struct lt_denied *denied, struct place *out)
{
    size_t count = 0;
    lt_each (const struct place, place, &denied->places) {
        const struct place *top = place;
        struct lt_str rest;
        size_t at = 0;
        lt_each (const struct place, other, &denied->places)
            if (lt_path_behind(top->path, other->path, &rest))
                top = other;
        while (at < count && !lt_str_eq(out[at].path, top->path))
            at++;
        if (at == count)
            out[count++] = (struct place){.path = top->path};
        out[at].count += place->count;
    }
    return count;
}

void lt_denied_describe(struct lt_buf *out, const struct lt_denied *denied, bool listed)
{
    struct place places[MAX_PLACES];
    uint64_t others = denied->count;
    size_t count = merge(denied, places);
    if (!denied->count && !denied->attributes)
        return;
    qsort(places, count, sizeof *places, by_count);
    lt_buf_lit(out, "this is not run as root:");
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        lt_buf_printf(out, "%s %.*s (%" PRIu64 " error%s)", i ? "," : "", LT_ARG(places[i].path), places[i].count,
                      places[i].count == 1 ? "" : "s");
        others -= places[i].count;
    }
    if (others)
        lt_buf_printf(out, " and others (%" PRIu64 " errors)", others);
    if (denied->count)
        lt_buf_lit(out, " cannot be read;");
    if (denied->attributes)
        lt_buf_lit(out, " trusted.overlay.* cannot be read, so that opaque directories and renames are not told;");
    lt_buf_lit(out, " run it as root, or on an image of the disk");
    if (denied->count && !listed)
        lt_buf_lit(out, " (--errors FILE keeps each error)");
}
