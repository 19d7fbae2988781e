// SPDX-License-Identifier: Apache-2.0
#include "runtime/known_lines.h"

enum { MOST = 1 << 23 };

struct key {
    int64_t second;
    uint64_t nanosecond, sum;
};

struct line {
    struct key key;
    bool told;
};

static struct key key_of(const struct lt_known_lines *lines, struct lt_time time, struct lt_str text)
{
    return (struct key){time.sec, time.nsec, lt_crc64(&lines->sums, 0, text.ptr, text.len)};
}

static struct lt_str bytes_of(const struct key *key)
{
    return (struct lt_str){(const char *)key, sizeof *key};
}

void lt_known_lines_init(struct lt_known_lines *lines, struct lt_arena *arena)
{
    *lines = (struct lt_known_lines){.arena = arena};
    lt_crc64_init(&lines->sums);
}

bool lt_known_lines_note(struct lt_known_lines *lines, struct lt_time time, struct lt_str text)
{
    const struct key key = key_of(lines, time, text);
    if (lt_map_get(&lines->map, bytes_of(&key)))
        return true;
    if (lines->map.count == MOST)
        return false;
    struct line *line = lt_new(lines->arena, struct line);
    line->key = key;
    lt_map_put(&lines->map, lines->arena, bytes_of(&line->key), line);
    return true;
}

bool lt_known_lines_take(struct lt_known_lines *lines, struct lt_time time, struct lt_str text)
{
    const struct key key = key_of(lines, time, text);
    struct line *line = lt_map_get(&lines->map, bytes_of(&key));
    if (!line || line->told)
        return false;
    line->told = true;
    return true;
}
