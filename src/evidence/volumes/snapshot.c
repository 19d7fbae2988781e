// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/snapshot.h"

#include "base/cursor.h"

#include <stdlib.h>

enum { EXCEPTION = 16, MAX_EXCEPTIONS = 1 << 24, LARGEST_CHUNK = 1 << 16 /* sectors: 32 MiB */ };

struct exception {
    uint64_t chunk, place; /* of the origin, in the store; in chunks */
};

struct snapshot {
    struct lt_device origin, store;
    uint64_t chunk; /* bytes */
    struct exception *exceptions;
    size_t count;
};

static int by_chunk(const void *a, const void *b)
{
    const struct exception *left = a, *right = b;
    return left->chunk < right->chunk ? -1 : left->chunk > right->chunk;
}

static ssize_t read_snapshot(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const struct snapshot *snapshot = arg;
    uint64_t in = offset % snapshot->chunk, left = snapshot->chunk - in;
    const struct exception key = {.chunk = offset / snapshot->chunk};
    size = size < left ? size : (size_t)left;
    const struct exception *found =
        bsearch(&key, snapshot->exceptions, snapshot->count, sizeof *snapshot->exceptions, by_chunk);
    if (!found)
        return (ssize_t)lt_device_read_some(&snapshot->origin, offset, buffer, size);
    if (found->place > snapshot->store.size / snapshot->chunk)
        return -1;
    return (ssize_t)lt_device_read_some(&snapshot->store, found->place * snapshot->chunk + in, buffer, size);
}

/* Take the exceptions of one area, up to the first that leads nowhere. False: it cannot be read, or there are too many.
 */
static bool take_area(struct snapshot *snapshot, uint64_t chunk, unsigned char *bytes, bool *last)
{
    struct lt_cursor area = {.ptr = bytes, .len = snapshot->chunk};
    if (chunk > snapshot->store.size / snapshot->chunk ||
        !lt_device_read(&snapshot->store, chunk * snapshot->chunk, bytes, snapshot->chunk))
        return false;
    for (size_t at = 0; at < snapshot->chunk && !*last; at += EXCEPTION) {
        struct exception exception = {lt_cursor_le(&area, at, 8), lt_cursor_le(&area, at + 8, 8)};
        *last = !exception.place;
        if (!*last && snapshot->count >= MAX_EXCEPTIONS)
            return false;
        if (!*last)
            snapshot->exceptions[snapshot->count++] = exception;
    }
    return true;
}

/* Behind the header, areas of exceptions and the chunks that these tell of take turns. */
static enum lt_status take_exceptions(struct snapshot *snapshot, struct lt_arena *arena, struct lt_err *err)
{
    uint64_t chunks = snapshot->store.size / snapshot->chunk, each = snapshot->chunk / EXCEPTION;
    size_t most = (size_t)(chunks < MAX_EXCEPTIONS ? chunks : MAX_EXCEPTIONS) + each;
    unsigned char *bytes = lt_arena_alloc(arena, snapshot->chunk);
    bool last = false;
    snapshot->exceptions = lt_new_array(arena, struct exception, most);
    for (uint64_t chunk = 1; chunk < chunks && !last; chunk += each + 1)
        if (!take_area(snapshot, chunk, bytes, &last))
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0,
                           "the store of the snapshot breaks off, or has too many chunks");
    qsort(snapshot->exceptions, snapshot->count, sizeof *snapshot->exceptions, by_chunk);
    return LT_OK;
}

enum lt_status lt_snapshot(struct lt_arena *arena, const struct lt_device *origin, const struct lt_device *store,
                           struct lt_device *out, struct lt_err *err)
{
    enum { HEADER = 16, MAGIC = 0x70416e53 };
    unsigned char bytes[HEADER];
    struct lt_cursor header = {.ptr = bytes, .len = sizeof bytes};
    if (!lt_device_read(store, 0, bytes, sizeof bytes) || lt_le32(&header, 0) != MAGIC || lt_le32(&header, 8) != 1)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the store of the snapshot has no header");
    if (!lt_le32(&header, 4))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0,
                       "the kernel gave the snapshot up: its store was full, or could not be written");
    uint32_t sectors = lt_le32(&header, 12);
    if (!sectors || sectors & (sectors - 1) || sectors > LARGEST_CHUNK)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the store of the snapshot has impossible chunks");
    struct snapshot *snapshot = lt_new(arena, struct snapshot);
    *snapshot = (struct snapshot){.origin = *origin, .store = *store, .chunk = (uint64_t)sectors * LT_SECTOR};
    snapshot->origin.failed = snapshot->store.failed = NULL;
    if (take_exceptions(snapshot, arena, err) != LT_OK)
        return LT_SKIP;
    *out = (struct lt_device){
        .read = read_snapshot,
        .arg = snapshot,
        .size = origin->size,
        .sector_size = LT_SECTOR,
        .failed = origin->failed,
    };
    return LT_OK;
}
