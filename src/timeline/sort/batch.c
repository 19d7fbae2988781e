// SPDX-License-Identifier: Apache-2.0
#include "timeline/sort/batch.h"

#include <stdlib.h>

_Static_assert(sizeof(void *) != 8 || sizeof(struct lt_row) == 48,
               "fields of lt_row but `zone` and `again` must get into lt_ref_bits()");
_Static_assert(sizeof(struct lt_ref) == 16, "rows are many");

enum { CLOCK_SHIFT = LT_SLOTS, CONFIDENCE_SHIFT = CLOCK_SHIFT + 3, CLOCK_MASK = 7, SLOT_MASK = (1 << LT_SLOTS) - 1 };
_Static_assert(LT_CLOCKS <= CLOCK_MASK + 1, "clocks need more bits");

/* With 11 bits the tables stay in the L1 cache, and six rounds cover 64 bits; see lt_batch_sort(). */
enum { DIGIT_BITS = 11, DIGITS = 6, BUCKETS = 1 << DIGIT_BITS };

uint32_t lt_ref_bits(const struct lt_row *row)
{
    return row->slots | (uint32_t)row->clock << CLOCK_SHIFT | (uint32_t)row->confidence << CONFIDENCE_SHIFT;
}

static enum lt_slot slot_of(const struct lt_ref *ref)
{
    return (enum lt_slot)__builtin_ctz(ref->bits);
}

struct lt_row lt_ref_row(const struct lt_ref *ref, const struct lt_event *event)
{
    return (struct lt_row){
        .event = event,
        .time = event->time[slot_of(ref)],
        .slots = ref->bits & SLOT_MASK,
        .clock = (enum lt_clock)(ref->bits >> CLOCK_SHIFT & CLOCK_MASK),
        .confidence = (enum lt_confidence)(ref->bits >> CONFIDENCE_SHIFT),
    };
}

static bool is_clamped(uint64_t key)
{
    return key == 0 || key == UINT64_MAX;
}

int lt_ref_cmp_exact(const struct lt_ref *a, const char *packed_a, const struct lt_ref *b, const char *packed_b)
{
    if (!is_clamped(a->key))
        return 0;
    return lt_time_cmp(lt_packed_time(packed_a, slot_of(a)), lt_packed_time(packed_b, slot_of(b)));
}

size_t lt_batch_need(size_t len, size_t count)
{
    return sizeof(uint32_t) + len + lt_array_size(count, sizeof(struct lt_ref));
}

void lt_batch_init(struct lt_batch *batch, size_t size)
{
    size = (size + sizeof(struct lt_ref) - 1) / sizeof(struct lt_ref) * sizeof(struct lt_ref);
    *batch = (struct lt_batch){.bytes = lt_realloc(NULL, size), .size = size};
    batch->first = (struct lt_ref *)(void *)(batch->bytes + size);
}

bool lt_batch_fits(const struct lt_batch *batch, size_t need)
{
    return batch->size - batch->used - batch->count * sizeof(struct lt_ref) >= need;
}

void lt_batch_add(struct lt_batch *batch, struct lt_str packed, const struct lt_row *rows, size_t count)
{
    uint32_t len = (uint32_t)packed.len, event = (uint32_t)batch->used;
    memcpy(batch->bytes + batch->used, &len, sizeof len);
    memcpy(batch->bytes + batch->used + sizeof len, packed.ptr, packed.len);
    batch->used += sizeof len + packed.len;
    for (size_t i = 0; i < count; i++) {
        struct lt_ref *ref = --batch->first;
        lt_time_key(rows[i].time, &ref->key);
        ref->event = event;
        ref->bits = lt_ref_bits(&rows[i]);
    }
    batch->count += count;
}

struct lt_str lt_batch_event(const struct lt_batch *batch, const struct lt_ref *ref)
{
    uint32_t len;
    memcpy(&len, batch->bytes + ref->event, sizeof len);
    return (struct lt_str){batch->bytes + ref->event + sizeof len, len};
}

/* Rows grew downwards: the first to arrive is the last. */
static void reverse(struct lt_ref *refs, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct lt_ref ref = refs[i];
        refs[i] = refs[count - 1 - i];
        refs[count - 1 - i] = ref;
    }
}

static unsigned digit(uint64_t key, unsigned at)
{
    return key >> at * DIGIT_BITS & (BUCKETS - 1);
}

/* Move rows to where their digit belongs. `places` holds the number of rows for each digit. */
static void scatter(const struct lt_ref *from, struct lt_ref *to, size_t count, unsigned at, uint32_t places[BUCKETS])
{
    uint32_t before = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        uint32_t here = places[i];
        places[i] = before;
        before += here;
    }
    for (size_t i = 0; i < count; i++)
        to[places[digit(from[i].key, at)]++] = from[i];
}

/* Radix sort from the lowest digit up. It is stable, and linear for any keys. A digit that all keys share costs
 * nothing; most of the upper ones are. */
static void radix_sort(struct lt_ref *refs, size_t count)
{
    struct lt_ref *other = lt_realloc(NULL, lt_array_size(count, sizeof *refs)), *from = refs, *to = other;
    uint32_t(*counts)[BUCKETS] = lt_realloc(NULL, DIGITS * sizeof *counts);
    memset(counts, 0, DIGITS * sizeof *counts);
    for (size_t i = 0; i < count; i++)
        for (unsigned at = 0; at < DIGITS; at++)
            counts[at][digit(refs[i].key, at)]++;
    for (unsigned at = 0; at < DIGITS; at++) {
        if (counts[at][digit(refs[0].key, at)] == count)
            continue;
        scatter(from, to, count, at, counts[at]);
        struct lt_ref *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != refs)
        memcpy(refs, from, count * sizeof *refs);
    free(other);
    free(counts);
}

static int by_exact_time(const void *a, const void *b, void *arg)
{
    const struct lt_batch *batch = arg;
    const struct lt_ref *left = a, *right = b;
    int order = lt_time_cmp(lt_packed_time(lt_batch_event(batch, left).ptr, slot_of(left)),
                            lt_packed_time(lt_batch_event(batch, right).ptr, slot_of(right)));
    return order ? order : (left->key > right->key) - (left->key < right->key);
}

/* Sort the rows that share the clamped `key`. Meanwhile their keys hold their places, because qsort_r() is not
 * stable. */
static void sort_clamped(struct lt_batch *batch, struct lt_ref *refs, size_t count, uint64_t key)
{
    for (size_t i = 0; i < count; i++)
        refs[i].key = i;
    qsort_r(refs, count, sizeof *refs, by_exact_time, batch);
    for (size_t i = 0; i < count; i++)
        refs[i].key = key;
}

void lt_batch_sort(struct lt_batch *batch)
{
    struct lt_ref *refs = batch->first;
    size_t count = batch->count, low = 0, high = 0;
    if (!count)
        return;
    reverse(refs, count);
    radix_sort(refs, count);
    while (low < count && refs[low].key == 0)
        low++;
    while (high < count && refs[count - 1 - high].key == UINT64_MAX)
        high++;
    sort_clamped(batch, refs, low, 0);
    sort_clamped(batch, refs + count - high, high, UINT64_MAX);
}

void lt_batch_free(struct lt_batch *batch)
{
    free(batch->bytes);
    *batch = (struct lt_batch){0};
}
