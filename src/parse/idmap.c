// SPDX-License-Identifier: Apache-2.0
#include "parse/idmap.h"

static const uint32_t NO_ID = UINT32_MAX; /* (uid_t)-1 */

/* Do `count` ids (not 0) fit from `first` on? */
static bool fits(uint32_t first, uint32_t count)
{
    return count && count <= NO_ID - first;
}

/* The first free id inside the namespace. */
static uint32_t next_inside(const struct lt_idmap *map)
{
    const struct lt_idrange *last = map->count ? &map->ranges[map->count - 1] : NULL;
    return last ? last->inside + last->count : 0;
}

void lt_idmap_add_at(struct lt_idmap *map, uint32_t inside, uint32_t first, uint32_t count)
{
    if (map->count < LT_MAX_IDRANGES && fits(first, count) && fits(inside, count))
        map->ranges[map->count++] = (struct lt_idrange){inside, first, count};
}

void lt_idmap_add(struct lt_idmap *map, uint32_t first, uint32_t count)
{
    lt_idmap_add_at(map, next_inside(map), first, count);
}

void lt_idmap_add_nested(struct lt_idmap *map, const struct lt_idmap *outer, uint32_t inside, uint32_t first,
                         uint32_t count)
{
    for (size_t i = 0; fits(first, count) && fits(inside, count) && i < outer->count; i++) {
        const struct lt_idrange *range = &outer->ranges[i];
        uint32_t begin = first > range->inside ? first : range->inside;
        uint32_t end = first + count < range->inside + range->count ? first + count : range->inside + range->count;
        if (begin < end)
            lt_idmap_add_at(map, inside + (begin - first), range->first + (begin - range->inside), end - begin);
    }
}

bool lt_idmap_equal(const struct lt_idmap *a, const struct lt_idmap *b)
{
    return a->count == b->count && memcmp(a->ranges, b->ranges, a->count * sizeof *a->ranges) == 0;
}

bool lt_idmap_inside(const struct lt_idmap *map, uint32_t id, uint32_t *inside)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct lt_idrange *range = &map->ranges[i];
        if (id < range->first || id - range->first >= range->count)
            continue;
        *inside = range->inside + (id - range->first);
        return true;
    }
    return false;
}

bool lt_id_parse(struct lt_str text, uint32_t *id)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
        if (number > UINT32_MAX)
            return false;
    }
    *id = (uint32_t)number;
    return text.len;
}

bool lt_remap_parse(struct lt_str name, uint32_t *uid, uint32_t *gid)
{
    struct lt_str first = lt_str_cut(&name, '.');
    return lt_id_parse(first, uid) && lt_id_parse(name, gid);
}

enum lt_status lt_subid_next(struct lt_str *rest, struct lt_subid *out)
{
    while (rest->len) {
        struct lt_str line = lt_str_trim(lt_str_cut(rest, '\n'));
        if (!line.len || line.ptr[0] == '#')
            continue;
        *out = (struct lt_subid){.owner = lt_str_cut(&line, ':')};
        struct lt_str first = lt_str_cut(&line, ':');
        bool good = out->owner.len && lt_id_parse(first, &out->first) && lt_id_parse(line, &out->count);
        return good && fits(out->first, out->count) ? LT_OK : LT_SKIP;
    }
    return LT_END;
}

void lt_idmap_add_owner(struct lt_idmap *map, struct lt_str subids, struct lt_str owner)
{
    struct lt_subid range;
    for (enum lt_status status; (status = lt_subid_next(&subids, &range)) != LT_END;)
        if (status == LT_OK && lt_str_eq(range.owner, owner))
            lt_idmap_add(map, range.first, range.count);
}

/* Order the ranges by the host's ids, the lowest first. */
static void sort_ranges(struct lt_idmap *map)
{
    struct lt_idmap sorted = {0};
    for (size_t done = 0; done < map->count; done++) {
        struct lt_idrange *lowest = NULL;
        for (size_t i = 0; i < map->count; i++)
            if (map->ranges[i].count && (!lowest || map->ranges[i].first < lowest->first))
                lowest = &map->ranges[i];
        if (!lowest)
            break;
        lt_idmap_add(&sorted, lowest->first, lowest->count);
        lowest->count = 0;
    }
    *map = sorted;
}

bool lt_idmap_add_beginning(struct lt_idmap *map, struct lt_str subids, uint32_t first)
{
    struct lt_subid range;
    struct lt_str rest = subids;
    for (enum lt_status status; (status = lt_subid_next(&rest, &range)) != LT_END;) {
        if (status != LT_OK || range.first != first)
            continue;
        lt_idmap_add_owner(map, subids, range.owner);
        if (map->ranges[0].first != first)
            sort_ranges(map);
        if (map->ranges[0].first != first)
            map->count = 0;
        return map->count;
    }
    return false;
}

struct lt_str lt_passwd_name(struct lt_str passwd, uint32_t uid)
{
    while (passwd.len) {
        uint32_t number;
        struct lt_str line = lt_str_cut(&passwd, '\n');
        struct lt_str name = lt_str_cut(&line, ':');
        lt_str_cut(&line, ':');
        if (lt_id_parse(lt_str_cut(&line, ':'), &number) && number == uid)
            return name;
    }
    return LT_STR("");
}
