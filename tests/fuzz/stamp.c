// SPDX-License-Identifier: Apache-2.0
/* Times that were read can be written and read again, and are the same then. */
#include "parse/stamp.h"

#include "fuzz.h"

static void round_trip(struct lt_time time)
{
    struct lt_buf text = {0};
    struct lt_time again;
    PROMISE(time.set && time.nsec < 1000000000);
    lt_time_iso(&text, time, 9);
    lt_buf_char(&text, 'Z');
    enum lt_status status = lt_stamp_rfc3339(lt_buf_view(&text), &again, NULL);
    if (text.ptr[0] == '@')
        PROMISE(status == LT_SKIP); /* no year that RFC 3339 has room for */
    else if (status == LT_END)
        PROMISE(time.sec == -62135596800 && time.nsec == 0);
    else
        PROMISE(status == LT_OK && lt_time_cmp(time, again) == 0);
    lt_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str text = {(const char *)data, size};
    struct lt_time time = {0};
    struct lt_err err = {0};
    enum lt_status status = lt_stamp_rfc3339(text, &time, &err);
    PROMISE((status == LT_SKIP) == err.set);
    PROMISE((status == LT_OK) == time.set);
    if (status == LT_OK) {
        struct lt_time option;
        round_trip(time);
        /* The command line takes all that the evidence has, and means the same. */
        PROMISE(lt_stamp_option(text, lt_time_at(0, 0), &option, NULL) == LT_OK);
        PROMISE(lt_time_cmp(time, option) == 0);
    }
    lt_err_clear(&err);
    status = lt_stamp_option(text, lt_time_at(1000000000, 5), &time, &err);
    PROMISE((status == LT_OK) != err.set);
    if (status == LT_OK)
        round_trip(time);
    return 0;
}
