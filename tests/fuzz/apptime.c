// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a log line: what is found is a time with a form, and is found again in the line that begins with it. */
#include "parse/appclock.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lt_apptime found, again;
    struct lt_buf line = {0};
    struct lt_time host = lt_time_at((int64_t)take_number(&input, 8), 0);
    host.set = host.sec > -60000000000 && host.sec < 250000000000;
    if (!lt_apptime_find(take_rest(&input), host, &found)) {
        PROMISE(!found.form && !found.time.set);
        return 0;
    }
    PROMISE(found.form && found.time.set && found.time.nsec < 1000000000);
    PROMISE(found.unit >= 1 && found.unit <= 1000000000 && found.time.nsec % found.unit == 0);
    PROMISE(found.offset > -16 * 3600 && found.offset < 16 * 3600 && (found.has_zone || !found.offset));
    lt_time_iso(&line, found.time, 9);
    PROMISE(lt_apptime_find(lt_buf_view(&line), host, &again) && lt_time_cmp(found.time, again.time) == 0);
    line.len = 0;
    if (host.set) { /* and what it tells of the clock can be told */
        struct lt_appclock clock = {0};
        const int32_t expected = 3600;
        lt_appclock_add(&clock, &found, host);
        lt_appclock_describe(&line, lt_appclock_main(&clock), &expected);
        PROMISE(line.len > 0 && lt_appclock_main(&clock)->lines == 1);
    }
    lt_buf_free(&line);
    return 0;
}
