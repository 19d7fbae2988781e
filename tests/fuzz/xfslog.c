// SPDX-License-Identifier: Apache-2.0
/* The log of XFS, all hostile: the header of a record, and operations that make transactions, whose items go into a
 * buffer and an inode.
 *
 * Input: a byte of options, a block of 512 bytes that is taken for a header, the operations. */
#include "evidence/xfs/log_items.h"
#include "evidence/xfs/stamp.h"

#include "fuzz.h"

#include <string.h>

enum { V4 = 1, SMALL = 2, LARGE = 4 };

struct job {
    struct lt_xfs xfs;
    unsigned char inode[LT_XFS_MAX_INODE], buffer[LT_XFS_MAX_BLOCK];
    size_t commits;
};

static struct lt_xfs make_super(uint8_t options)
{
    uint8_t log = options & SMALL ? 8 : options & LARGE ? 11 : 9;
    return (struct lt_xfs){
        .v5 = !(options & V4),
        .block_size = 4096,
        .sector_size = 512,
        .inode_size = 1u << log,
        .block_log = 12,
        .inode_log = log,
        .inopb_log = (uint8_t)(12 - log),
        .ag_log = 10,
        .ag_blocks = 1000,
        .ag_count = 4,
        .blocks = 4000,
    };
}

static void check_header(const uint8_t *block)
{
    struct lt_xfs_log_record record;
    struct lt_err err = {0};
    struct lt_cursor bytes = {.ptr = block, .len = LT_XFS_LOG_BLOCK};
    if (lt_xfs_log_record(bytes, &record, &err) != LT_OK) {
        PROMISE(err.set);
        return;
    }
    PROMISE(lt_xfs_log_is_record(bytes) && record.heads >= 1 && record.heads <= LT_XFS_LOG_MAX_HEADS);
    PROMISE(record.blocks > record.heads && record.length && record.length <= LT_XFS_LOG_MAX_DATA);
    size_t size = (size_t)record.blocks * LT_XFS_LOG_BLOCK;
    unsigned char *whole = calloc(1, size);
    memcpy(whole, block, LT_XFS_LOG_BLOCK);
    lt_xfs_log_record_damaged(&record, (struct lt_cursor){.ptr = whole, .len = size});
    struct lt_cursor data;
    lt_xfs_log_restore(&record, whole, &data);
    PROMISE(data.len == record.length && data.ptr + data.len <= whole + size);
    free(whole);
}

static void check_buffer(struct job *job, const struct lt_xfs_log_item *item)
{
    struct lt_xfs_log_buffer buffer;
    struct lt_xfs_log_run run;
    struct lt_err err = {0};
    unsigned at = 0, piece = 0, last = 0;
    if (lt_xfs_log_buffer(item, &buffer, &err) != LT_OK)
        return;
    size_t size = (size_t)buffer.sectors * LT_XFS_MIN_SECTOR;
    PROMISE(size && size <= LT_XFS_MAX_BLOCK);
    for (; lt_xfs_log_next_run(item, &buffer, &at, &piece, &run, &err) == LT_OK; last = piece) {
        PROMISE(run.size && run.from + run.size <= size && run.size <= run.data.len && piece > last);
        memcpy(job->buffer + run.from, run.data.ptr, run.size);
        lt_xfs_log_put_link(&job->xfs, &run, run.from / job->xfs.inode_size * job->xfs.inode_size, job->inode);
    }
    struct lt_cursor bytes = {.ptr = job->buffer, .len = size};
    lt_xfs_stamp(&job->xfs, bytes);
    PROMISE(lt_xfs_stamp_sum(bytes) + 4 <= size);
}

/* What was put in place is an inode with a right checksum, and no older than what put it there. */
static void check_inode(struct job *job, const struct lt_xfs_log_item *item)
{
    struct lt_xfs_log_inode inode;
    struct lt_xfs_inode result;
    struct lt_err err = {0};
    struct lt_cursor bytes = {.ptr = job->inode, .len = job->xfs.inode_size};
    if (lt_xfs_log_inode(item, &inode, &err) != LT_OK)
        return;
    unsigned char before[LT_XFS_MAX_INODE];
    memcpy(before, job->inode, sizeof before);
    lt_xfs_log_inode_is_old(&job->xfs, &inode, 5, bytes);
    if (lt_xfs_log_put_inode(&job->xfs, &inode, 5, job->inode, &err) != LT_OK) {
        PROMISE(err.set && memcmp(before, job->inode, sizeof before) == 0);
        return;
    }
    PROMISE(!job->xfs.v5 || !lt_xfs_log_inode_is_old(&job->xfs, &inode, 5, bytes));
    PROMISE(memcmp(before + job->xfs.inode_size, job->inode + job->xfs.inode_size,
                   sizeof before - job->xfs.inode_size) == 0);
    if (lt_xfs_inode(&job->xfs, bytes, inode.ino, &result, &err) == LT_OK)
        PROMISE(!result.damaged);
}

static void check_icreate(struct job *job, const struct lt_xfs_log_item *item)
{
    struct lt_xfs_log_icreate create;
    struct lt_xfs_inode result;
    struct lt_err err = {0};
    if (lt_xfs_log_icreate(&job->xfs, item, &create, &err) != LT_OK)
        return;
    uint64_t place;
    PROMISE(create.count && create.count <= 256);
    for (uint32_t i = 0; i < create.count; i++) {
        lt_xfs_log_put_empty(&job->xfs, &create, i, job->inode);
        struct lt_cursor bytes = {.ptr = job->inode, .len = job->xfs.inode_size};
        PROMISE(lt_xfs_inode(&job->xfs, bytes, create.ino + i, &result, &err) == LT_OK);
        PROMISE(!result.mode && !result.damaged && !result.misplaced && result.next_unlinked == LT_XFS_NO_INODE);
        if (lt_xfs_ino_place(&job->xfs, create.ino + i, &place))
            PROMISE(place == create.place + (uint64_t)i * job->xfs.inode_size);
    }
}

static void check_transaction(void *arg, const struct lt_xfs_log_transaction *transaction)
{
    struct job *job = arg;
    struct lt_xfs_log_intent intent;
    job->commits++;
    for (const struct lt_xfs_log_item *item = transaction->items; item; item = item->next) {
        PROMISE(item->count && item->count <= item->wanted && item->wanted <= LT_XFS_MAX_REGIONS);
        check_buffer(job, item);
        check_inode(job, item);
        check_icreate(job, item);
        if (lt_xfs_log_intent(item, &intent))
            PROMISE(intent.kind >= LT_XFS_ITEM_EFI && intent.kind <= LT_XFS_ITEM_LAST && intent.kind % 2 == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct job *job = calloc(1, sizeof *job);
    job->xfs = make_super(take_byte(&input));
    if (input.len >= LT_XFS_LOG_BLOCK) {
        check_header(input.ptr);
        input.ptr += LT_XFS_LOG_BLOCK;
        input.len -= LT_XFS_LOG_BLOCK;
    }
    lt_xfs_log_put_empty(&job->xfs, &(struct lt_xfs_log_icreate){.count = 1}, 0, job->inode);
    struct lt_err err = {0};
    struct lt_xfs_log_record record = {.operations = UINT32_MAX, .lsn = 5};
    struct lt_xfs_log_join *join = lt_xfs_log_join_new(check_transaction, job);
    struct lt_cursor operations = {.ptr = input.ptr, .len = input.len};
    enum lt_status status = lt_xfs_log_join_record(join, &record, operations, &err);
    PROMISE(status == LT_OK || err.set);
    PROMISE(job->commits * 24 <= size); /* one to begin, one to commit */
    lt_xfs_log_join_free(join);
    free(job);
    return 0;
}
