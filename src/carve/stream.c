// SPDX-License-Identifier: Apache-2.0
#include "carve/stream.h"

#include <stdlib.h>

/* linux fs/ext4/mballoc.h: MB_DEFAULT_GROUP_PREALLOC and MB_DEFAULT_STREAM_THRESHOLD. */
enum { STRETCH = 512, SMALL = 16 };

size_t lt_carve_marks_before(const struct lt_carve_mark *marks, size_t count, uint64_t at)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (marks[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t stretch_of(const struct lt_carve_stream *stream, const struct lt_carve_mark *mark)
{
    return mark->at / stream->stretch;
}

/* How many of the chains so far, each longer than the one before, end before that birth. */
static size_t chains_before(const struct lt_carve_mark *marks, const size_t *ends, size_t count, struct lt_time born)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lt_time_cmp(marks[ends[middle]].born, born) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Keep the longest chain of marks whose births are in the order of their places. The number of those that stay. `ends`
 * and `before` have room for a number for each mark. */
static size_t longest_chain(struct lt_carve_mark *marks, size_t count, size_t *ends, size_t *before)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = chains_before(marks, ends, length, marks[i].born);
        before[i] = at ? ends[at - 1] : i;
        ends[at] = i;
        length = at == length ? length + 1 : length;
    }
    for (size_t i = length, from = length ? ends[length - 1] : 0; i-- > 0; from = before[from])
        ends[i] = from;
    for (size_t i = 0; i < length; i++)
        marks[i] = marks[ends[i]];
    return length;
}

static bool is_small(const struct lt_carve_mark *mark, uint32_t block)
{
    return mark->at && mark->born.set && mark->lives && mark->size <= (uint64_t)SMALL * block;
}

static int by_time(const void *a, const void *b)
{
    const struct lt_carve_edge *left = a, *right = b;
    return lt_time_cmp(left->time, right->time);
}

/* Thin out each stretch, and keep its edges. */
static void make_chains(struct lt_carve_stream *stream, size_t count)
{
    size_t *ends = lt_realloc(NULL, lt_array_size(count + 1, sizeof *ends));
    size_t *before = lt_realloc(NULL, lt_array_size(count + 1, sizeof *before));
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1;
             next < count && stretch_of(stream, &stream->files[next]) == stretch_of(stream, &stream->files[i]);)
            next++;
        size_t left = longest_chain(stream->files + i, next - i, ends, before);
        memmove(stream->files + stream->count, stream->files + i, left * sizeof *stream->files);
        stream->first[stream->stretches].time = stream->files[stream->count].born;
        stream->count += left;
        stream->last[stream->stretches++].time = stream->files[stream->count - 1].born;
    }
    free(ends);
    free(before);
}

void lt_carve_stream_make(struct lt_carve_stream *stream, const struct lt_carve_mark *marks, size_t count,
                          uint32_t block)
{
    size_t small = 0, room = count + 1;
    *stream = (struct lt_carve_stream){.stretch = (uint64_t)STRETCH * block};
    stream->files = lt_realloc(NULL, lt_array_size(room, sizeof *stream->files));
    stream->first = lt_realloc(NULL, lt_array_size(room, sizeof *stream->first));
    stream->last = lt_realloc(NULL, lt_array_size(room, sizeof *stream->last));
    for (size_t i = 0; i < count; i++)
        if (is_small(&marks[i], block))
            stream->files[small++] = marks[i];
    make_chains(stream, small);
    if (stream->stretches) {
        qsort(stream->first, stream->stretches, sizeof *stream->first, by_time);
        qsort(stream->last, stream->stretches, sizeof *stream->last, by_time);
    }
}

void lt_carve_stream_free(struct lt_carve_stream *stream)
{
    free(stream->files);
    free(stream->first);
    free(stream->last);
}

/* How many edges are before the time; with `too` also those at it. */
static size_t edges_before(const struct lt_carve_edge *edges, size_t count, struct lt_time time, bool too)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = lt_time_cmp(edges[middle].time, time);
        if (order < 0 || (too && !order))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool lt_carve_written(const struct lt_carve_stream *stream, uint64_t at, struct lt_time *from, struct lt_time *to)
{
    size_t next = lt_carve_marks_before(stream->files, stream->count, at), edge;
    const struct lt_carve_mark *left = next ? &stream->files[next - 1] : NULL;
    const struct lt_carve_mark *right = next < stream->count ? &stream->files[next] : NULL;
    left = left && stretch_of(stream, left) == at / stream->stretch ? left : NULL;
    right = right && stretch_of(stream, right) == at / stream->stretch ? right : NULL;
    *from = left ? left->born : (struct lt_time){0};
    *to = right ? right->born : (struct lt_time){0};
    if (right && !left && (edge = edges_before(stream->last, stream->stretches, *to, false)))
        *from = stream->last[edge - 1].time;
    if (left && !right && (edge = edges_before(stream->first, stream->stretches, *from, true)) < stream->stretches)
        *to = stream->first[edge].time;
    return from->set && to->set;
}
