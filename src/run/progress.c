// SPDX-License-Identifier: Apache-2.0
#include "run/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static struct lt_time now(void)
{
    struct timespec time = {0};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return lt_time_at(time.tv_sec, (uint32_t)time.tv_nsec);
}

static double seconds_between(struct lt_time a, struct lt_time b)
{
    return (double)(b.sec - a.sec) + ((double)b.nsec - (double)a.nsec) / 1e9;
}

void lt_progress_start(struct lt_progress *progress, const struct lt_options *options)
{
    *progress = (struct lt_progress){.form = options->progress};
    if (progress->form == LT_PROGRESS_AUTO)
        progress->form = isatty(STDERR_FILENO) && !options->quiet ? LT_PROGRESS_LINE : LT_PROGRESS_NONE;
}

/* Seconds that the rest will take at this rate; negative: that cannot be told. */
static double rest_of(uint64_t done, uint64_t total, double rate)
{
    return rate > 0 && total > done ? (double)(total - done) / rate : -1;
}

static void write_line(struct lt_progress *progress, uint64_t done, double rate, double rest)
{
    fprintf(stderr, "\r\033[K%s: %" PRIu64 ", %.0f/s", progress->stage, done, rate);
    if (rest >= 0)
        fprintf(stderr, ", %.0f s to go", rest);
    fflush(stderr);
    progress->shown = true;
}

static void write_object(const struct lt_progress *progress, uint64_t done, double rate, double rest)
{
    fprintf(stderr, "{\"entries\": %" PRIu64 ", ", done);
    if (rest >= 0)
        fprintf(stderr, "\"eta_seconds\": %.0f, ", rest);
    fprintf(stderr, "\"rate\": %.0f, \"stage\": \"%s\"}\n", rate, progress->stage);
}

void lt_progress_tell(struct lt_progress *progress, const char *stage, uint64_t done, uint64_t total)
{
    if (progress->form == LT_PROGRESS_NONE)
        return;
    struct lt_time time = now();
    bool fresh = progress->stage != stage;
    if (fresh) {
        progress->stage = stage;
        progress->began = time;
        progress->before = done;
    }
    if (progress->told.set && seconds_between(progress->told, time) < 1)
        return;
    double spent = seconds_between(progress->began, time);
    double rate = spent > 0 ? (double)(done - progress->before) / spent : 0;
    progress->told = time;
    if (progress->form == LT_PROGRESS_JSON)
        write_object(progress, done, rate, rest_of(done, total, rate));
    else
        write_line(progress, done, rate, rest_of(done, total, rate));
}

void lt_progress_clear(struct lt_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
