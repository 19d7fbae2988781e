// SPDX-License-Identifier: Apache-2.0
#include "timeline/sort/merge.h"

#include <stdlib.h>

/* How many rows ahead an event is prefetched: events lie in order of arrival, so each one is a cache miss. */
enum { AHEAD = 8 };

static enum lt_status advance_in_batch(struct lt_feed *feed)
{
    const struct lt_batch *batch = feed->batch;
    if (feed->at == batch->count)
        return LT_END;
    if (feed->at + AHEAD < batch->count) {
        const char *event = batch->bytes + batch->first[feed->at + AHEAD].event;
        __builtin_prefetch(event);
        __builtin_prefetch(event + 64);
        __builtin_prefetch(event + 128); /* may lie past the batch: a prefetch is not an access */
    }
    feed->ref = batch->first[feed->at++];
    return LT_OK;
}

static enum lt_status advance(struct lt_feed *feed, struct lt_err *err)
{
    return feed->batch ? advance_in_batch(feed) : lt_spill_next(&feed->reader, &feed->ref, &feed->event, err);
}

static struct lt_str event_of(const struct lt_feed *feed)
{
    return feed->batch ? lt_batch_event(feed->batch, &feed->ref) : feed->event;
}

/* Does the first row of feed `a` come before that of feed `b`? */
static bool before(const struct lt_merge *merge, uint32_t a, uint32_t b)
{
    const struct lt_feed *left = &merge->feeds[a], *right = &merge->feeds[b];
    if (left->ref.key != right->ref.key)
        return left->ref.key < right->ref.key;
    int order = lt_ref_cmp_exact(&left->ref, event_of(left).ptr, &right->ref, event_of(right).ptr);
    return order ? order < 0 : a < b;
}

/* The feed at `at` may come after those below it in the heap. Move it down to its place. */
static void sift(struct lt_merge *merge, size_t at)
{
    uint32_t feed = merge->heap[at];
    for (size_t child; (child = 2 * at + 1) < merge->count; at = child) {
        if (child + 1 < merge->count && before(merge, merge->heap[child + 1], merge->heap[child]))
            child++;
        if (before(merge, feed, merge->heap[child]))
            break;
        merge->heap[at] = merge->heap[child];
    }
    merge->heap[at] = feed;
}

static void alloc(struct lt_merge *merge, size_t count)
{
    size_t bytes = lt_array_size(count + 1, sizeof *merge->feeds);
    *merge = (struct lt_merge){.feeds = lt_realloc(NULL, bytes), .feed_count = count};
    memset(merge->feeds, 0, bytes);
    merge->heap = lt_realloc(NULL, lt_array_size(count + 1, sizeof *merge->heap));
}

/* Give each feed its first row, and build the heap. */
static enum lt_status start(struct lt_merge *merge, struct lt_err *err)
{
    for (size_t i = 0; i < merge->feed_count; i++) {
        enum lt_status status = advance(&merge->feeds[i], err);
        if (status == LT_OK)
            merge->heap[merge->count++] = (uint32_t)i;
        else if (status != LT_END)
            return status;
    }
    for (size_t at = merge->count / 2; at-- > 0;)
        sift(merge, at);
    return LT_OK;
}

void lt_merge_batches(struct lt_merge *merge, const struct lt_batch *batches, size_t count)
{
    alloc(merge, count);
    for (size_t i = 0; i < count; i++)
        merge->feeds[i].batch = &batches[i];
    start(merge, NULL); /* cannot fail: nothing is read */
}

enum lt_status lt_merge_runs(struct lt_merge *merge, const struct lt_spill *spill, const struct lt_run *runs,
                             size_t count, size_t buffer, struct lt_err *err)
{
    alloc(merge, count);
    for (size_t i = 0; i < count; i++)
        lt_spill_reader_init(&merge->feeds[i].reader, spill, runs[i], buffer);
    return start(merge, err);
}

enum lt_status lt_merge_next(struct lt_merge *merge, const struct lt_feed **out, struct lt_err *err)
{
    if (merge->taken) {
        enum lt_status status = advance(&merge->feeds[merge->heap[0]], err);
        if (status == LT_FATAL)
            return status;
        if (status == LT_END)
            merge->heap[0] = merge->heap[--merge->count];
        merge->taken = false;
        if (merge->count)
            sift(merge, 0);
    }
    if (!merge->count)
        return LT_END;
    struct lt_feed *first = &merge->feeds[merge->heap[0]];
    first->event = event_of(first);
    merge->taken = true;
    *out = first;
    return LT_OK;
}

void lt_merge_free(struct lt_merge *merge)
{
    for (size_t i = 0; i < merge->feed_count; i++)
        lt_spill_reader_free(&merge->feeds[i].reader);
    free(merge->feeds);
    free(merge->heap);
    *merge = (struct lt_merge){0};
}
