// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a log or a history, in each format: what a line says lies in the line or is decoded, times are sound,
 * and the format that is found is one in which the sample begins a record. */
#include "parse/applog/applog.h"

#include "fuzz.h"

static const struct lt_applog_format *const formats[] = {
#define APPLOG(name) &lt_applog_##name,
#include "parse/applog/formats.def"
#undef APPLOG
};

static void check(const struct lt_applog_record *record, struct lt_str line)
{
    const struct lt_applog_time *time = &record->time;
    PROMISE(record->kind < LT_APPLOG_KINDS && record->code < 1000 && record->pid < 10000000000);
    PROMISE(time->time.nsec < 1000000000 && !(time->yearless && time->time.set));
    if (time->yearless)
        PROMISE(time->at.month >= 1 && time->at.month <= 12 && time->at.day >= 1 && time->at.day <= 31);
    for (size_t i = 0; i < LT_APPLOG_TEXTS; i++)
        PROMISE(record->text[i].len <= line.len);
}

static void read_as(const struct lt_applog_format *format, struct lt_str rest, bool unsure)
{
    struct lt_arena arena = {0};
    struct lt_applog_record open = {0};
    while (rest.len) {
        struct lt_applog_record record = {0};
        struct lt_str line = lt_str_cut(&rest, '\n');
        const struct lt_applog_reading reading = {
            .arena = &arena, .near = lt_time_at(1795433164, 0), .open = unsure ? NULL : &open, .unsure = unsure};
        bool begins = format->take(&reading, line, &record);
        check(&record, line);
        if (begins)
            open = record;
    }
    lt_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    bool history = take_byte(&input) & 1;
    struct lt_str text = take_rest(&input), name = text;
    const struct lt_applog_format *found = lt_applog_find(text, history, true, lt_time_at(1795433164, 0));
    PROMISE(!found || found->history == history);
    PROMISE(lt_applog_judge(lt_str_cut(&name, '\n')) <= LT_APPLOG_LOG_NAME);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        read_as(formats[i], text, true);
        read_as(formats[i], text, false);
    }
    return 0;
}
