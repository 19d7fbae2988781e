// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a time zone file, and as a POSIX zone: offsets are in range at all times, and instants that are given
 * for a local time show it. */
#include "parse/tzif.h"

#include "fuzz.h"

static void check(const struct lt_zone *zone)
{
    static const int64_t times[] = {INT64_MIN, -2000000000000, -1, 0, 1795455964, 1790000000, 4102444800, INT64_MAX};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t found[2];
        int32_t offset = lt_zone_offset(zone, times[i]);
        PROMISE(offset >= -26 * 3600 - 600 && offset <= 26 * 3600 + 600); /* leap seconds */
        unsigned count = lt_zone_instants(zone, times[i], found);
        PROMISE(count <= 2 && (count < 2 || found[0] != found[1]));
        for (unsigned at = 0; at < count && times[i] > -3000000000000 && times[i] < 3000000000000; at++)
            PROMISE(found[at] + lt_zone_offset(zone, found[at]) == times[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_zone zone, posix;
    struct lt_zone_difference difference;
    struct lt_err err = {0};
    struct lt_str bytes = {(const char *)data, size};
    enum lt_status status = lt_tzif_parse(bytes, &zone, &err);
    PROMISE((status == LT_SKIP) == err.set);
    if (status == LT_OK)
        check(&zone);
    PROMISE(!lt_zone_differ(&zone, &zone, &difference));
    if (lt_zone_posix(bytes, &posix))
        check(&posix);
    return 0;
}
