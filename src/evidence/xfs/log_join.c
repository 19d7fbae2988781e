// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/log_join.h"

#include <stdlib.h>
#include <string.h>

enum { TRANSACTION_HEAD = 16 /* bytes of the first region: magic, type, number, how many items */ };

static const uint32_t TRANSACTION_MAGIC = 0x5452414E; /* "TRAN", in the order of the host */

/* A transaction under way. */
struct pending {
    struct lt_xfs_log_transaction transaction;
    struct lt_xfs_log_item *last;
    struct lt_arena arena; /* of all that it holds */
    size_t head;           /* bytes of its first region so far */
    size_t bytes;
};

struct lt_xfs_log_join {
    void (*commit)(void *arg, const struct lt_xfs_log_transaction *);
    void *arg;
    uint32_t numbers[LT_XFS_MAX_OPEN]; /* of those under way */
    struct pending *pending[LT_XFS_MAX_OPEN];
    size_t count, bytes;
};

struct lt_xfs_log_join *lt_xfs_log_join_new(void (*commit)(void *arg, const struct lt_xfs_log_transaction *), void *arg)
{
    struct lt_xfs_log_join *join = lt_realloc(NULL, sizeof *join);
    *join = (struct lt_xfs_log_join){.commit = commit, .arg = arg};
    return join;
}

static void drop(struct lt_xfs_log_join *join, size_t at)
{
    struct pending *gone = join->pending[at];
    join->bytes -= gone->bytes;
    lt_arena_free(&gone->arena);
    free(gone);
    join->count--;
    join->pending[at] = join->pending[join->count];
    join->numbers[at] = join->numbers[join->count];
}

void lt_xfs_log_join_free(struct lt_xfs_log_join *join)
{
    while (join->count)
        drop(join, join->count - 1);
    free(join);
}

static size_t find(const struct lt_xfs_log_join *join, uint32_t number)
{
    size_t at = 0;
    while (at < join->count && join->numbers[at] != number)
        at++;
    return at;
}

static enum lt_status begin(struct lt_xfs_log_join *join, uint32_t number, uint64_t lsn, struct lt_err *err)
{
    if (join->count == LT_XFS_MAX_OPEN)
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "more than %d transactions of the log are under way at once",
                       LT_XFS_MAX_OPEN);
    struct pending *pending = lt_realloc(NULL, sizeof *pending);
    *pending = (struct pending){.transaction.lsn = lsn};
    join->numbers[join->count] = number;
    join->pending[join->count++] = pending;
    return LT_OK;
}

/* Memory of a transaction, counted. NULL: there would be too much of it. */
static void *take(struct lt_xfs_log_join *join, struct pending *pending, size_t size)
{
    if (size > LT_XFS_MAX_PENDING - join->bytes)
        return NULL;
    join->bytes += size;
    pending->bytes += size;
    return lt_arena_alloc(&pending->arena, size);
}

static enum lt_status too_large(struct lt_err *err)
{
    return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "transactions of the log have more than %zu bytes",
                   LT_XFS_MAX_PENDING);
}

static enum lt_status broken(struct lt_err *err, const char *what)
{
    return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "a transaction of the log has %s", what);
}

/* The first region of a transaction may be cut, too. */
static enum lt_status add_head(struct pending *pending, struct lt_cursor data, struct lt_err *err)
{
    if (!pending->head && lt_le32(&data, 0) != TRANSACTION_MAGIC)
        return broken(err, "no head");
    if (data.len > TRANSACTION_HEAD - pending->head)
        return broken(err, "a head that is too long");
    pending->head += data.len;
    return LT_OK;
}

/* The first words of an item say its type, and how many regions it has. NULL: it cannot be, or there is too much. */
static struct lt_xfs_log_item *add_item(struct lt_xfs_log_join *join, struct pending *pending, struct lt_cursor data,
                                        struct lt_err *err)
{
    unsigned type = lt_le16(&data, 0), wanted = lt_le16(&data, 2);
    if (data.bad || !wanted || wanted > LT_XFS_MAX_REGIONS) {
        broken(err, "an item of an impossible size");
        return NULL;
    }
    struct lt_xfs_log_item *item = take(join, pending, sizeof *item);
    struct lt_cursor *regions = take(join, pending, wanted * sizeof *regions);
    if (!item || !regions) {
        too_large(err);
        return NULL;
    }
    *item = (struct lt_xfs_log_item){.type = type, .wanted = wanted, .regions = regions};
    if (pending->last)
        pending->last->next = item;
    else
        pending->transaction.items = item;
    pending->last = item;
    return item;
}

static enum lt_status add_region(struct lt_xfs_log_join *join, struct pending *pending, struct lt_cursor data,
                                 struct lt_err *err)
{
    if (!data.len)
        return LT_OK;
    if (pending->head < TRANSACTION_HEAD)
        return add_head(pending, data, err);
    struct lt_xfs_log_item *item = pending->last;
    if (!item || item->count == item->wanted)
        item = add_item(join, pending, data, err);
    if (!item)
        return LT_SKIP;
    unsigned char *copy = take(join, pending, data.len);
    if (!copy)
        return too_large(err);
    memcpy(copy, data.ptr, data.len);
    item->regions[item->count++] = (struct lt_cursor){.ptr = copy, .len = data.len};
    return LT_OK;
}

/* What follows of a region that was cut. The copy before stays where it is until the transaction is done: few regions
 * are cut, and each at most once a record. */
static enum lt_status extend_region(struct lt_xfs_log_join *join, struct pending *pending, struct lt_cursor data,
                                    struct lt_err *err)
{
    struct lt_xfs_log_item *item = pending->last;
    if (pending->head < TRANSACTION_HEAD)
        return add_head(pending, data, err);
    if (!item)
        return data.len ? broken(err, "a region without a beginning") : LT_OK;
    struct lt_cursor *region = &item->regions[item->count - 1];
    unsigned char *copy = take(join, pending, region->len + data.len);
    if (!copy)
        return too_large(err);
    memcpy(copy, region->ptr, region->len);
    if (data.len)
        memcpy(copy + region->len, data.ptr, data.len);
    *region = (struct lt_cursor){.ptr = copy, .len = region->len + data.len};
    return LT_OK;
}

static enum lt_status add_op(struct lt_xfs_log_join *join, const struct lt_xfs_log_record *record,
                             const struct lt_xfs_log_op *op, struct lt_err *err)
{
    size_t at = find(join, op->transaction);
    if (at == join->count) /* what does not begin here is the rest of one that began before the tail */
        return op->flags & LT_XFS_OP_START ? begin(join, op->transaction, record->lsn, err) : LT_OK;
    struct pending *pending = join->pending[at];
    unsigned flags = op->flags & ~(unsigned)LT_XFS_OP_END;
    if (flags & LT_XFS_OP_CONTINUED)
        flags &= ~(unsigned)LT_XFS_OP_CONTINUES;
    switch (flags) {
    case 0:
    case LT_XFS_OP_CONTINUES:
        return add_region(join, pending, op->data, err);
    case LT_XFS_OP_CONTINUED:
        return extend_region(join, pending, op->data, err);
    case LT_XFS_OP_COMMIT:
        join->commit(join->arg, &pending->transaction);
        drop(join, at);
        return LT_OK;
    case LT_XFS_OP_UNMOUNT:
        drop(join, at);
        return LT_OK;
    default:
        return broken(err, "an operation of an unknown kind");
    }
}

enum lt_status lt_xfs_log_join_record(struct lt_xfs_log_join *join, const struct lt_xfs_log_record *record,
                                      struct lt_cursor data, struct lt_err *err)
{
    struct lt_xfs_log_op op;
    size_t at = 0;
    for (uint32_t left = record->operations; left; left--) {
        enum lt_status status = lt_xfs_log_next_op(data, &at, &op, err);
        if (status == LT_END)
            break;
        if (status != LT_OK || add_op(join, record, &op, err) != LT_OK)
            return LT_SKIP;
    }
    return LT_OK;
}
