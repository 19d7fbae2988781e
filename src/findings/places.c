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

unsigned lt_places_of(struct lt_str path)
{
    unsigned places = 1U << LT_PLACE_ANY;
    struct lt_buf text = {0};
    lt_buf_add(&text, path);
    lt_buf_char(&text, 0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (fnmatch(table[i].pattern, text.ptr, 0) == 0)
            places |= 1U << table[i].place | (table[i].starts ? 1U << LT_PLACE_START : 0);
    lt_buf_free(&text);
    return places;
}
