// SPDX-License-Identifier: Apache-2.0
#include "read/report.h"

#include "base/escape.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SHOWN = 20 };

struct lt_counts *lt_report_counts(struct lt_report *report, const char *source)
{
    if (report->last && report->last->source == source) /* called for each event: mostly of the same source */
        return &report->last->counts;
    lt_each (struct lt_source_counts, known, &report->sources)
        if (strcmp(known->source, source) == 0) {
            report->last = known;
            return &known->counts;
        }
    report->last = lt_new(&report->arena, struct lt_source_counts);
    report->last->source = source;
    lt_list_add(&report->sources, &report->arena, report->last);
    return &report->last->counts;
}

void lt_report_open(struct lt_report *report, struct lt_output *errors)
{
    report->errors = errors;
    lt_buf_add(lt_output_buffer(errors), lt_buf_view(&report->early));
    lt_buf_free(&report->early);
}

void lt_report_free(struct lt_report *report)
{
    lt_buf_free(&report->early);
    lt_arena_free(&report->arena);
    report->sources = (struct lt_list){0};
}

void lt_say(const char *format, ...)
{
    struct lt_buf line = {0};
    char *text;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        return;
    lt_buf_lit(&line, "layertime: ");
    lt_escape_name(&line, (struct lt_str){text, (size_t)length}, true);
    lt_buf_char(&line, '\n');
    if (isatty(STDERR_FILENO)) /* where a line of progress may stand */
        fputs("\r\033[K", stderr);
    fwrite(line.ptr, 1, line.len, stderr);
    lt_buf_free(&line);
    free(text);
}

static void show(struct lt_report *report, struct lt_str path, const struct lt_err *problem)
{
    if (report->quiet || report->shown > MAX_SHOWN)
        return;
    if (report->shown++ == MAX_SHOWN) {
        lt_say("further errors are only counted here; --errors FILE keeps them all");
        return;
    }
    struct lt_str name = path.len ? path : lt_str_c(report->evidence);
    lt_say("%.*s: %s", LT_ARG(name), problem->text);
}

static void add_field(struct lt_buf *out, const char *name, struct lt_str value)
{
    lt_buf_printf(out, ", \"%s\": ", name);
    lt_escape_json_name(out, value);
}

static void write_item(struct lt_report *report, const char *source, struct lt_str path, const struct lt_err *problem)
{
    struct lt_buf *out = report->errors ? lt_output_buffer(report->errors) : &report->early;
    lt_buf_printf(out, "{\"code\": \"%s\"", problem->code);
    if (problem->sys)
        lt_buf_printf(out, ", \"errno\": %d", problem->sys);
    add_field(out, "evidence", lt_str_c(report->evidence));
    if (path.len)
        add_field(out, "path", path);
    add_field(out, "reason", lt_str_c(problem->text));
    add_field(out, "source", lt_str_c(source));
    lt_buf_lit(out, "}\n");
    if (report->errors)
        lt_output_flush(report->errors, NULL); /* lt_output_commit() reports a failure */
}

void lt_report_problem(struct lt_report *report, const char *source, struct lt_str path, const struct lt_err *problem)
{
    bool opened = strcmp(source, "evidence") != 0; /* else nothing at all can be read, and only that is said */
    report->failures++;
    if (opened && lt_is_denied(problem->sys))
        lt_denied_add(&report->denied, &report->arena, path.len ? path : lt_str_c(report->evidence));
    else
        show(report, path, problem);
    if (report->errors || report->keep_early)
        write_item(report, source, path, problem);
}

void lt_report_denied(const struct lt_report *report)
{
    struct lt_buf text = {0};
    lt_denied_describe(&text, &report->denied, report->keep_early);
    if (text.len)
        lt_say("%.*s", LT_ARG(lt_buf_view(&text)));
    lt_buf_free(&text);
}

struct lt_counts lt_report_total(const struct lt_report *report)
{
    struct lt_counts sum = {0};
    lt_each (const struct lt_source_counts, source, &report->sources) {
        const struct lt_counts *counts = &source->counts;
        sum.seen += counts->seen;
        sum.emitted += counts->emitted;
        sum.filtered += counts->filtered;
        sum.deduplicated += counts->deduplicated;
        sum.failed += counts->failed;
        sum.untimed += counts->untimed;
        sum.foreign += counts->foreign;
    }
    return sum;
}

bool lt_report_balanced(const struct lt_report *report)
{
    lt_each (const struct lt_source_counts, source, &report->sources) {
        const struct lt_counts *counts = &source->counts;
        if (counts->seen !=
            counts->emitted + counts->filtered + counts->deduplicated + counts->failed + counts->untimed)
            return false;
    }
    return true;
}

static void print_counts(const char *name, const struct lt_counts *counts)
{
    fprintf(stderr, "%-18s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %12" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", name,
            counts->seen, counts->emitted, counts->filtered, counts->deduplicated, counts->failed, counts->untimed);
}

void lt_report_print(const struct lt_report *report, uint64_t rows)
{
    fprintf(stderr, "%-18s %10s %10s %10s %12s %8s %8s\n", "source", "seen", "emitted", "filtered", "deduplicated",
            "failed", "untimed");
    lt_each (const struct lt_source_counts, source, &report->sources)
        print_counts(source->source, &source->counts);
    struct lt_counts total = lt_report_total(report);
    print_counts("total", &total);
    fprintf(stderr, "%" PRIu64 " rows written, %" PRIu64 " errors; the account %s\n", rows, report->failures,
            lt_report_balanced(report) ? "balances" : "DOES NOT BALANCE");
}
