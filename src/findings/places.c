// SPDX-License-Identifier: Apache-2.0
#include "findings/places.h"

#include <fnmatch.h>

static const struct {
    enum lt_place place;
    bool starts;
    const char *pattern;
} table[] = {
#define PLACE(place, starts, pattern) {LT_PLACE_##place, starts, pattern},
#include "findings/places.def"
#undef PLACE
};

static bool is_wild(char letter)
{
    return letter == '*' || letter == '?' || letter == '[' || letter == ']';
}

/* fnmatch(), but most paths are told from most patterns by the ends of these, which is faster. `path` ends in NUL. */
static bool matches(const char *pattern, struct lt_str path)
{
    const char *at = path.ptr;
    for (; *pattern && !is_wild(*pattern); pattern++, at++)
        if (*pattern != *at)
            return false;
    size_t tail = strlen(pattern);
    while (tail && !is_wild(pattern[tail - 1]))
        tail--;
    return lt_str_ends(path, lt_str_c(pattern + tail)) && fnmatch(pattern, at, 0) == 0;
}

unsigned lt_places_of(struct lt_str path)
{
    unsigned places = 1U << LT_PLACE_ANY;
    struct lt_buf text = {0};
    lt_buf_add(&text, path);
    lt_buf_char(&text, 0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (matches(table[i].pattern, lt_str_c(text.ptr)))
            places |= 1U << table[i].place | (table[i].starts ? 1U << LT_PLACE_START : 0);
    lt_buf_free(&text);
    return places;
}
