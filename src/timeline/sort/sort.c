// SPDX-License-Identifier: Apache-2.0
#include "timeline/sort/sort.h"

#include <stdlib.h>

/* Shares of the memory. Small batches would be too many to merge, and large ones leave the cache while they are sorted.
 * Memory for two batches is kept free: one for sorting, one for writing the run. */
enum { BATCHES = 16, BATCH_MIN = 4 * 1024, BATCH_MAX = 8 * 1024 * 1024 };

/* Number of runs that are merged at once, and bytes of the read buffer of each. */
enum { RUNS_MIN = 4, RUNS_MAX = 256, READ_MIN = 4 * 1024, READ_MAX = 1024 * 1024, READ_WANTED = 128 * 1024 };

static size_t between(size_t low, size_t number, size_t high)
{
    return number < low ? low : number > high ? high : number;
}

static size_t memory_of(const struct lt_sorter *sorter)
{
    return sorter->memory > LT_SORT_MEMORY_MIN ? sorter->memory : LT_SORT_MEMORY_MIN;
}

static size_t batch_size(const struct lt_sorter *sorter)
{
    return between(BATCH_MIN, memory_of(sorter) / BATCHES, BATCH_MAX);
}

/* Make room for one more in a growing array of `*cap` items. */
static void *grow(void *items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return items;
    *cap = *cap ? *cap * 2 : 16;
    return lt_realloc(items, lt_array_size(*cap, size));
}

static void add_run(struct lt_sorter *sorter, struct lt_run run)
{
    sorter->runs = grow(sorter->runs, sorter->run_count, &sorter->run_cap, sizeof *sorter->runs);
    sorter->runs[sorter->run_count++] = run;
}

static void drop_batches(struct lt_sorter *sorter)
{
    for (size_t i = 0; i < sorter->batch_count; i++)
        lt_batch_free(&sorter->batches[i]);
    sorter->batch_count = sorter->held = 0;
}

/* Write all rows of `merge` to the end of `spill` as one run, and free the merge. */
static enum lt_status write_run(struct lt_merge *merge, struct lt_spill *spill, struct lt_run *run, struct lt_err *err)
{
    const struct lt_feed *feed;
    enum lt_status status = LT_OK;
    run->start = spill->size;
    while (status == LT_OK && (status = lt_merge_next(merge, &feed, err)) == LT_OK)
        status = lt_spill_put(spill, &feed->ref, feed->event, err);
    run->end = spill->size;
    lt_merge_free(merge);
    return status == LT_END ? lt_spill_flush(spill, err) : status;
}

/* Open the file that is not in use. */
static enum lt_status open_spill(struct lt_sorter *sorter, struct lt_spill *spill, struct lt_err *err)
{
    int fd = sorter->files ? sorter->files[sorter->file] : -1;
    sorter->file ^= 1;
    if (fd >= 0)
        return lt_spill_open(spill, fd, err);
    if (sorter->file_error && sorter->file_error->set) {
        *err = *sorter->file_error;
        return LT_FATAL;
    }
    return lt_fail(
        err, LT_FATAL, LT_CODE_OUTPUT, 0,
        "a temporary file is needed, but its directory lies inside the evidence: set TMPDIR, or more --memory");
}

/* Write all batches to a run, and free them. The batches are sorted. */
static enum lt_status spill_batches(struct lt_sorter *sorter, struct lt_err *err)
{
    struct lt_run run;
    struct lt_merge merge;
    enum lt_status status = sorter->spill.open ? LT_OK : open_spill(sorter, &sorter->spill, err);
    if (status != LT_OK)
        return status;
    lt_merge_batches(&merge, sorter->batches, sorter->batch_count);
    status = write_run(&merge, &sorter->spill, &run, err);
    drop_batches(sorter);
    add_run(sorter, run);
    return status;
}

static void sort_last(struct lt_sorter *sorter)
{
    if (sorter->batch_count)
        lt_batch_sort(&sorter->batches[sorter->batch_count - 1]);
}

/* Make sure that the last batch has room for `need` bytes. One event may be larger than the usual batch. */
static enum lt_status make_room(struct lt_sorter *sorter, size_t need, struct lt_err *err)
{
    size_t usual = batch_size(sorter), size = need > usual ? need : usual;
    enum lt_status status = LT_OK;
    if (sorter->batch_count && lt_batch_fits(&sorter->batches[sorter->batch_count - 1], need))
        return LT_OK;
    sort_last(sorter);
    if (sorter->batch_count && sorter->held + size > memory_of(sorter) - 2 * usual)
        status = spill_batches(sorter, err);
    if (status != LT_OK)
        return status;
    sorter->batches = grow(sorter->batches, sorter->batch_count, &sorter->batch_cap, sizeof *sorter->batches);
    lt_batch_init(&sorter->batches[sorter->batch_count++], size);
    sorter->held += size;
    return LT_OK;
}

static bool times_agree(const struct lt_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct lt_time time = {0};
        if (rows[i].slots)
            time = rows[i].event->time[__builtin_ctz(rows[i].slots)];
        if (!time.set || lt_time_cmp(time, rows[i].time) != 0)
            return false;
    }
    return true;
}

enum lt_status lt_sorter_add(struct lt_sorter *sorter, const struct lt_row *rows, size_t count, struct lt_err *err)
{
    if (!count)
        return LT_OK;
    if (!times_agree(rows, count))
        return lt_fail(err, LT_FATAL, LT_CODE_INTERNAL, 0, "a row has another time than its event");
    sorter->packed.len = 0;
    lt_pack(&sorter->packed, rows[0].event);
    size_t need = lt_batch_need(sorter->packed.len, count);
    if (need > UINT32_MAX / 2)
        return lt_fail(err, LT_FATAL, LT_CODE_INTERNAL, 0, "an event of %zu bytes", sorter->packed.len);
    enum lt_status status = make_room(sorter, need, err);
    if (status == LT_OK)
        lt_batch_add(&sorter->batches[sorter->batch_count - 1], lt_buf_view(&sorter->packed), rows, count);
    return status;
}

static size_t runs_at_once(const struct lt_sorter *sorter)
{
    return between(RUNS_MIN, memory_of(sorter) / READ_WANTED, RUNS_MAX);
}

/* Half of the memory is for reading the runs. The rest is enough to write one. */
static enum lt_status merge_runs(const struct lt_sorter *sorter, struct lt_merge *merge, size_t first, size_t count,
                                 struct lt_err *err)
{
    size_t buffer = between(READ_MIN, memory_of(sorter) / 2 / count, READ_MAX);
    return lt_merge_runs(merge, &sorter->spill, sorter->runs + first, count, buffer, err);
}

/* There are more runs than can be merged at once. Merge each group of that many into one run of a new file, and drop
 * the old file. */
static enum lt_status join_runs(struct lt_sorter *sorter, struct lt_err *err)
{
    struct lt_spill spill = {0};
    size_t joined = 0, at_once = runs_at_once(sorter), count;
    enum lt_status status = open_spill(sorter, &spill, err);
    for (size_t first = 0; status == LT_OK && first < sorter->run_count; first += count) {
        struct lt_merge merge;
        count = between(1, sorter->run_count - first, at_once);
        status = merge_runs(sorter, &merge, first, count, err);
        if (status == LT_OK)
            status = write_run(&merge, &spill, &sorter->runs[joined++], err);
        else
            lt_merge_free(&merge);
    }
    lt_spill_close(&sorter->spill);
    sorter->spill = spill;
    sorter->run_count = joined;
    return status;
}

enum lt_status lt_sorter_finish(struct lt_sorter *sorter, struct lt_err *err)
{
    sorter->packed.len = 0;
    sort_last(sorter);
    if (!sorter->run_count) {
        lt_merge_batches(&sorter->merge, sorter->batches, sorter->batch_count);
        return LT_OK;
    }
    enum lt_status status = spill_batches(sorter, err);
    while (status == LT_OK && sorter->run_count > runs_at_once(sorter))
        status = join_runs(sorter, err);
    return status == LT_OK ? merge_runs(sorter, &sorter->merge, 0, sorter->run_count, err) : status;
}

enum lt_status lt_sorter_next(struct lt_sorter *sorter, const struct lt_row **out, struct lt_err *err)
{
    const struct lt_feed *feed;
    enum lt_status status = lt_merge_next(&sorter->merge, &feed, err);
    if (status != LT_OK)
        return status;
    bool again = lt_str_eq(feed->event, lt_buf_view(&sorter->packed)); /* several times of one event are often equal */
    if (!again) {
        sorter->packed.len = 0;
        lt_buf_add(&sorter->packed, feed->event);
        lt_arena_reset(&sorter->arena);
        lt_unpack(&sorter->unpacked, sorter->packed.ptr, &sorter->arena);
    }
    sorter->row = lt_ref_row(&feed->ref, &sorter->unpacked.event);
    sorter->row.again = again;
    *out = &sorter->row;
    return LT_OK;
}

void lt_sorter_free(struct lt_sorter *sorter)
{
    drop_batches(sorter);
    lt_merge_free(&sorter->merge);
    lt_spill_close(&sorter->spill);
    lt_arena_free(&sorter->arena);
    lt_buf_free(&sorter->packed);
    free(sorter->batches);
    free(sorter->runs);
    *sorter = (struct lt_sorter){0};
}
