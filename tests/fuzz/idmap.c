// SPDX-License-Identifier: Apache-2.0
/* A number, then a sub-id file: whatever it says, no id has two places and no place two ids where the ranges of the
 * host do not overlap, and all views stay in the text. */
#include "parse/idmap.h"

#include "fuzz.h"

static void check_map(const struct lt_idmap *map)
{
    uint64_t next = 0;
    PROMISE(map->count <= LT_MAX_IDRANGES);
    for (size_t i = 0; i < map->count; i++) {
        const struct lt_idrange *range = &map->ranges[i];
        uint32_t inside;
        PROMISE(range->count && range->inside == next);
        next += range->count;
        PROMISE(next <= UINT32_MAX && (uint64_t)range->first + range->count <= UINT32_MAX);
        PROMISE(lt_idmap_inside(map, range->first, &inside) && inside <= range->inside);
        PROMISE(lt_idmap_inside(map, range->first + range->count - 1, &inside) && inside < next);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lt_idmap map = {0}, owned = {0};
    struct lt_subid range;
    uint32_t first = (uint32_t)take_number(&input, 4), uid, gid;
    struct lt_str text = take_rest(&input), rest = text;
    bool begins = lt_idmap_add_beginning(&map, text, first);
    PROMISE(begins ? map.ranges[0].first == first && !map.ranges[0].inside : !map.count);
    check_map(&map);
    for (enum lt_status status; (status = lt_subid_next(&rest, &range)) != LT_END;) {
        PROMISE(rest.len < text.len);
        if (status != LT_OK || owned.count)
            continue;
        PROMISE(range.owner.ptr >= text.ptr && range.owner.ptr + range.owner.len <= text.ptr + text.len);
        lt_idmap_add_owner(&owned, text, range.owner);
        PROMISE(owned.count && owned.ranges[0].first == range.first);
    }
    check_map(&owned);
    PROMISE(lt_passwd_name(text, first).len <= text.len);
    if (lt_remap_parse(text, &uid, &gid))
        PROMISE(text.len >= 3);
    return 0;
}
