// SPDX-License-Identifier: Apache-2.0
#include "model/spans.h"

#include <stdlib.h>

static struct lt_time later_of(struct lt_time a, struct lt_time b)
{
    return !a.set || (b.set && lt_time_cmp(b, a) > 0) ? b : a;
}

void lt_container_met(struct lt_container *container, struct lt_time time, enum lt_trace trace)
{
    struct lt_traces *traces = &container->traces;
    if (!time.set)
        return;
    if (!traces->first.set || lt_time_cmp(time, traces->first) < 0)
        traces->first = time;
    if (trace == LT_TRACE_START)
        traces->began = later_of(traces->began, time);
    if (trace == LT_TRACE_END)
        traces->ended = later_of(traces->ended, time);
}

/* The end of a container that was removed: the last sign of one, unless it was started again. */
static struct lt_time removed_end(const struct lt_traces *traces)
{
    bool again = traces->began.set && traces->ended.set && lt_time_cmp(traces->began, traces->ended) > 0;
    return traces->ended.set && !again ? traces->ended : traces->gone;
}

struct lt_span lt_container_span(const struct lt_container *container)
{
    struct lt_time started = container->started, finished = container->finished;
    struct lt_span span = {.first = container->created.set ? container->created : started};
    if (container->removed)
        return (struct lt_span){container->traces.first, removed_end(&container->traces)};
    if (!container->running && finished.set && (!started.set || lt_time_cmp(finished, started) >= 0))
        span.last = finished;
    return span;
}

bool lt_span_has(const struct lt_span *span, struct lt_time time)
{
    static const int64_t TICK = 10000000;
    if (!time.set || (span->first.set && lt_time_diff(time, span->first) > TICK))
        return false;
    return !span->last.set || lt_time_cmp(time, span->last) <= 0;
}

static int by_first(const void *a, const void *b)
{
    const struct lt_span *const *left = a, *const *right = b;
    if (!(*left)->first.set || !(*right)->first.set)
        return (*left)->first.set - (*right)->first.set;
    return lt_time_cmp((*left)->first, (*right)->first);
}

void lt_spans_merge(struct lt_list *spans)
{
    size_t kept = 0;
    if (spans->count)
        qsort(spans->items, spans->count, sizeof *spans->items, by_first);
    for (size_t i = 1; i < spans->count; i++) {
        struct lt_span *last = spans->items[kept], *next = spans->items[i];
        bool touches = !last->last.set || !next->first.set || lt_time_cmp(next->first, last->last) <= 0;
        if (!touches)
            spans->items[++kept] = next;
        else if (last->last.set && (!next->last.set || lt_time_cmp(next->last, last->last) > 0))
            last->last = next->last;
    }
    spans->count = spans->count ? kept + 1 : 0;
}
