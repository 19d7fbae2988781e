// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/log_ring.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 128,                                                         /* blocks */
    MOST = LT_XFS_LOG_MAX_HEADS + LT_XFS_LOG_MAX_DATA / LT_XFS_LOG_BLOCK, /* blocks of a record, whatever it says */
    OP_FLAGS = 9,                                                         /* place in an operation */
};

static const uint64_t MAX_BYTES = UINT64_C(2) << 30; /* xfs_log_format.h, XFS_MAX_LOG_BYTES */

uint32_t lt_xfs_ring_distance(const struct lt_xfs_ring *ring, uint32_t from, uint32_t to)
{
    return to >= from ? to - from : ring->blocks - from + to;
}

static uint32_t ahead(const struct lt_xfs_ring *ring, uint32_t from, uint32_t count)
{
    return (uint32_t)(((uint64_t)from + count) % ring->blocks);
}

static uint32_t back(const struct lt_xfs_ring *ring, uint32_t from, uint32_t count)
{
    return (uint32_t)(((uint64_t)from + ring->blocks - count) % ring->blocks);
}

static bool read_blocks(struct lt_xfs_ring *ring, uint32_t at, uint32_t count, unsigned char *out)
{
    if (lt_device_read(ring->device, ring->place + (uint64_t)at * LT_XFS_LOG_BLOCK, out,
                       (size_t)count * LT_XFS_LOG_BLOCK))
        return true;
    lt_fail(ring->err, LT_SKIP, LT_CODE_JOURNAL, 0, "cannot read block %u of the log", at);
    return false;
}

/* One block, borrowed until the next call; empty if it cannot be read. */
static struct lt_cursor block(struct lt_xfs_ring *ring, uint32_t number)
{
    if (number < ring->window_at || number - ring->window_at >= ring->window_count) {
        ring->window_at = number / WINDOW * WINDOW;
        ring->window_count = ring->blocks - ring->window_at < WINDOW ? ring->blocks - ring->window_at : WINDOW;
        if (!read_blocks(ring, ring->window_at, ring->window_count, ring->window))
            ring->window_count = 0;
    }
    if (!ring->window_count)
        return (struct lt_cursor){0};
    return (struct lt_cursor){
        .ptr = ring->window + (size_t)(number - ring->window_at) * LT_XFS_LOG_BLOCK,
        .len = LT_XFS_LOG_BLOCK,
    };
}

static uint32_t cycle(struct lt_xfs_ring *ring, uint32_t number)
{
    return lt_xfs_log_cycle(block(ring, number));
}

enum lt_status lt_xfs_ring_record(struct lt_xfs_ring *ring, uint32_t at, struct lt_xfs_log_record *out,
                                  struct lt_err *err)
{
    if (lt_xfs_log_record(block(ring, at), out, err) != LT_OK)
        return LT_SKIP;
    if (out->blocks > ring->blocks)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "a record at block %u is larger than the log", at);
    uint32_t first = out->blocks < ring->blocks - at ? out->blocks : ring->blocks - at;
    size_t size = (size_t)out->blocks * LT_XFS_LOG_BLOCK;
    if (!read_blocks(ring, at, first, ring->bytes) ||
        (first < out->blocks &&
         !read_blocks(ring, 0, out->blocks - first, ring->bytes + (size_t)first * LT_XFS_LOG_BLOCK)))
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "cannot read the record at block %u of the log", at);
    if (out->foreign || memcmp(out->uuid, ring->uuid, sizeof out->uuid) != 0)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the record at block %u is of another file system", at);
    if (lt_xfs_log_record_damaged(out, (struct lt_cursor){.ptr = ring->bytes, .len = size}))
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "wrong checksum of the record at block %u of the log", at);
    return LT_OK;
}

/* Halve the way to `last`, which was written in that cycle, to the first such block. Records that reached the disk out
 * of order make the answer a guess. */
static uint32_t first_of_cycle(struct lt_xfs_ring *ring, uint32_t last, uint32_t wanted)
{
    uint32_t before = 0;
    while (last - before > 1) {
        uint32_t middle = before + (last - before) / 2;
        if (cycle(ring, middle) == wanted)
            last = middle;
        else
            before = middle;
    }
    return last;
}

/* The first of `count` blocks that was written in that cycle. False: none was. */
static bool find_cycle(struct lt_xfs_ring *ring, uint32_t from, uint32_t count, uint32_t wanted, uint32_t *found)
{
    for (uint32_t i = 0; i < count; i++)
        if (cycle(ring, from + i) == wanted) {
            *found = from + i;
            return true;
        }
    return false;
}

/* The block behind which a round before the last one begins. As many records as were on their way to the disk at once
 * may have left holes before that; the first hole is the end. */
static uint32_t guess_head(struct lt_xfs_ring *ring)
{
    uint32_t first = cycle(ring, 0), last = cycle(ring, ring->blocks - 1), head = ring->blocks, stop = last - 1;
    uint32_t reach = LT_XFS_LOG_BUFFERS * ring->most;
    if (!first)
        return 0;
    if (first != last) {
        head = first_of_cycle(ring, ring->blocks - 1, last);
        stop = last;
    }
    reach = reach < ring->blocks ? reach : ring->blocks;
    if (head >= reach || !last) {
        uint32_t from = head > reach ? head - reach : 0;
        find_cycle(ring, from, head - from, stop, &head);
    } else if (!find_cycle(ring, ring->blocks - (reach - head), reach - head, stop - 1, &head)) {
        find_cycle(ring, 0, head, stop, &head);
    }
    return head;
}

/* The header that is the `count`th one back from `from`, within that many blocks, or the last one there is. False:
 * none. */
static bool seek_back(struct lt_xfs_ring *ring, uint32_t from, uint32_t blocks, unsigned count, uint32_t *found)
{
    unsigned seen = 0;
    for (uint32_t i = 1; i <= blocks && seen < count; i++)
        if (lt_xfs_log_is_record(block(ring, back(ring, from, i)))) {
            *found = back(ring, from, i);
            seen++;
        }
    return seen;
}

/* The header that is the `count`th one from `from` on. */
static bool seek_ahead(struct lt_xfs_ring *ring, uint32_t from, uint32_t blocks, unsigned count, uint32_t *found)
{
    unsigned seen = 0;
    for (uint32_t i = 0; i < blocks && seen < count; i++)
        if (lt_xfs_log_is_record(block(ring, ahead(ring, from, i)))) {
            *found = ahead(ring, from, i);
            seen++;
        }
    return seen == count;
}

/* A record that was not written whole does not count: the head is where it begins. */
static enum lt_status trim_head(struct lt_xfs_ring *ring, uint32_t *at, struct lt_err *err)
{
    struct lt_xfs_log_record record;
    struct lt_err ignored = {0};
    uint32_t reach = ring->most < ring->blocks ? ring->most : ring->blocks;
    if (!seek_back(ring, ring->head, reach, 1, at))
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the log has no record before its end");
    uint32_t distance = lt_xfs_ring_distance(ring, *at, ring->head);
    if (lt_xfs_log_record(block(ring, *at), &record, &ignored) != LT_OK || record.blocks != distance)
        ring->head = *at;
    return LT_OK;
}

/* Is the record at `at` that of an unmount, and nothing behind it? */
static bool is_clean(struct lt_xfs_ring *ring, uint32_t at, const struct lt_xfs_log_record *record)
{
    if (ahead(ring, at, record->blocks) != ring->head || record->operations != 1)
        return false;
    struct lt_cursor data = block(ring, ahead(ring, at, record->heads));
    return lt_cursor_le(&data, OP_FLAGS, 1) & LT_XFS_OP_UNMOUNT;
}

/* The last record before the head tells where the tail is. */
static enum lt_status take_last(struct lt_xfs_ring *ring, uint32_t reach, struct lt_err *err)
{
    struct lt_xfs_log_record record;
    uint32_t at;
    if (!seek_back(ring, ring->head, reach, 1, &at))
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the log has no record");
    if (lt_xfs_log_record(block(ring, at), &record, err) != LT_OK)
        return LT_SKIP;
    ring->tail = LT_XFS_LSN_BLOCK(record.tail);
    ring->last = record.lsn;
    ring->reach = LT_XFS_LOG_BUFFERS * ((record.size ? record.size : LT_XFS_LOG_SPAN) / LT_XFS_LOG_BLOCK);
    ring->dirty = !is_clean(ring, at, &record);
    if (!ring->dirty)
        return LT_OK;
    if (ring->tail >= ring->blocks)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the last record of the log names no block of it");
    if (memcmp(record.uuid, ring->uuid, sizeof record.uuid) != 0)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the log is of another file system");
    if (record.foreign)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "a host of another kind wrote the log: not replayed");
    return LT_OK;
}

/* Go from record to record. False: they are whole up to `to`. True: the one at `*bad` is not. */
static bool find_bad(struct lt_xfs_ring *ring, uint32_t from, uint32_t to, uint32_t *bad)
{
    struct lt_xfs_log_record record;
    struct lt_err ignored = {0};
    uint32_t whole = lt_xfs_ring_distance(ring, from, to);
    for (uint32_t done = 0; done < whole; done += record.blocks) {
        *bad = ahead(ring, from, done);
        if (lt_xfs_ring_record(ring, *bad, &record, &ignored) != LT_OK)
            return true;
    }
    return false;
}

/* Of the records that were on their way to the disk at once, the first that did not arrive whole is the end. */
static enum lt_status check_head(struct lt_xfs_ring *ring, struct lt_err *err)
{
    uint32_t reach = lt_xfs_ring_distance(ring, ring->tail, ring->head), from, bad;
    if (!seek_back(ring, ring->head, reach ? reach : ring->blocks, LT_XFS_LOG_BUFFERS, &from) ||
        !find_bad(ring, from, ring->head, &bad))
        return LT_OK;
    ring->head = bad;
    reach = lt_xfs_ring_distance(ring, ring->tail, bad);
    return take_last(ring, reach ? reach : ring->blocks, err);
}

static enum lt_status note_damage(struct lt_xfs_ring *ring, uint32_t bad, struct lt_err *err)
{
    uint32_t left = lt_xfs_ring_distance(ring, bad, ring->head);
    if (bad == ring->tail)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0,
                       "the log is damaged where it begins, at block %u: not replayed", bad);
    lt_fail(&ring->damage, LT_SKIP, LT_CODE_JOURNAL, 0,
            "the log is damaged at block %u: not replayed from there on, which is %u of %u blocks", bad, left,
            lt_xfs_ring_distance(ring, ring->tail, ring->head));
    ring->head = bad;
    return LT_OK;
}

/* The tail may have been written over when it had moved on and no whole record says so. Then the first whole record is
 * the tail. Anything else that is not whole is damage: the kernel would refuse to mount, we take what lies before it.
 */
static enum lt_status check_tail(struct lt_xfs_ring *ring, struct lt_err *err)
{
    uint32_t bad;
    if (!seek_ahead(ring, ring->tail, lt_xfs_ring_distance(ring, ring->tail, ring->head), 1, &ring->tail))
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the log has no record where it must begin");
    while (find_bad(ring, ring->tail, ring->head, &bad)) {
        uint32_t left = lt_xfs_ring_distance(ring, bad, ring->head);
        if (lt_xfs_ring_distance(ring, ring->head, bad) > ring->reach || !seek_ahead(ring, bad, left, 2, &ring->tail))
            return note_damage(ring, bad, err);
    }
    return LT_OK;
}

static enum lt_status find_part(struct lt_xfs_ring *ring, struct lt_err *err)
{
    uint32_t at;
    ring->head = guess_head(ring);
    if (!ring->head && !cycle(ring, 0)) /* never written */
        return LT_OK;
    if (trim_head(ring, &at, err) != LT_OK)
        return LT_SKIP;
    ring->head %= ring->blocks;
    if (take_last(ring, ring->blocks, err) != LT_OK)
        return LT_SKIP;
    if (ring->dirty && check_head(ring, err) != LT_OK)
        return LT_SKIP;
    ring->dirty = ring->dirty && ring->tail != ring->head;
    if (!ring->dirty)
        return LT_OK;
    if (check_tail(ring, err) != LT_OK)
        return LT_SKIP;
    struct lt_cursor tail = block(ring, ring->tail);
    ring->first = lt_cursor_be(&tail, 16, 8);
    return LT_OK;
}

enum lt_status lt_xfs_ring_open(struct lt_xfs_ring *ring, const struct lt_device *device, const struct lt_xfs *xfs,
                                struct lt_err *err)
{
    uint64_t bytes = (uint64_t)xfs->log_blocks << xfs->block_log;
    *ring = (struct lt_xfs_ring){
        .device = device,
        .err = err,
        .blocks = (uint32_t)(bytes / LT_XFS_LOG_BLOCK),
        .most = (xfs->log_v2 ? LT_XFS_LOG_MAX_DATA : LT_XFS_LOG_SPAN) / LT_XFS_LOG_BLOCK,
    };
    memcpy(ring->uuid, xfs->uuid, sizeof ring->uuid);
    if (!xfs->log_start)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0,
                       "the log is on another device: what waits there is not replayed");
    if (!lt_xfs_block_place(xfs, xfs->log_start, &ring->place) || bytes > MAX_BYTES || !ring->blocks ||
        ring->place > device->size || bytes > device->size - ring->place)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the log does not lie on the disk");
    ring->bytes = lt_realloc(NULL, (size_t)MOST * LT_XFS_LOG_BLOCK);
    ring->window = lt_pages((size_t)WINDOW * LT_XFS_LOG_BLOCK);
    enum lt_status status = find_part(ring, err);
    return err->set ? LT_SKIP : status;
}

void lt_xfs_ring_close(struct lt_xfs_ring *ring)
{
    free(ring->bytes);
    free(ring->window);
    ring->bytes = ring->window = NULL;
}
