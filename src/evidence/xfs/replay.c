// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/replay.h"

#include "evidence/xfs/apply.h"
#include "evidence/xfs/log_ring.h"

#include <stdlib.h>

/* sb_features_log_incompat that change nothing here; XFS_SB_FEAT_INCOMPAT_LOG_XATTRS: intents for attributes. */
static const uint32_t LOG_INCOMPAT_KNOWN = 0x1;

struct replay {
    struct lt_xfs_ring ring;
    struct lt_xfs_apply apply;
    struct lt_xfs_replay_report *report;
};

enum lt_status lt_xfs_log_dirty(const struct lt_device *device, const struct lt_xfs *xfs, bool *dirty,
                                struct lt_err *err)
{
    struct lt_xfs_ring ring;
    enum lt_status status = lt_xfs_ring_open(&ring, device, xfs, err);
    *dirty = ring.dirty;
    lt_xfs_ring_close(&ring);
    return status;
}

static void take_cancels(void *arg, const struct lt_xfs_log_transaction *transaction)
{
    lt_xfs_apply_cancels(arg, transaction);
}

static void take_changes(void *arg, const struct lt_xfs_log_transaction *transaction)
{
    lt_xfs_apply(arg, transaction);
}

/* Give all transactions from the tail to the head to `commit`. */
static void pass(struct replay *replay, void (*commit)(void *arg, const struct lt_xfs_log_transaction *),
                 struct lt_err *err)
{
    struct lt_xfs_ring *ring = &replay->ring;
    struct lt_xfs_log_join *join = lt_xfs_log_join_new(commit, &replay->apply);
    uint32_t whole = lt_xfs_ring_distance(ring, ring->tail, ring->head);
    struct lt_xfs_log_record record;
    struct lt_cursor data;
    enum lt_status status = LT_OK;
    for (uint32_t done = 0; done < whole && status == LT_OK && !replay->apply.full; done += record.blocks) {
        status = lt_xfs_ring_record(ring, (uint32_t)(((uint64_t)ring->tail + done) % ring->blocks), &record, err);
        if (status != LT_OK)
            break;
        lt_xfs_log_restore(&record, ring->bytes, &data);
        status = lt_xfs_log_join_record(join, &record, data, err);
    }
    lt_xfs_log_join_free(join);
}

/* What stopped the replay, or else what could not be put in place. */
static void report_problem(struct replay *replay, const struct lt_err *stopped)
{
    const struct lt_xfs_apply *apply = &replay->apply;
    struct lt_err *problem = &replay->report->problem;
    if (replay->ring.damage.set)
        *problem = replay->ring.damage;
    else if (apply->full)
        lt_fail(problem, LT_SKIP, LT_CODE_TOO_LARGE, 0,
                "the log changes more than %zu bytes: not replayed from there on", LT_XFS_MAX_CHANGED);
    else if (stopped->set)
        lt_fail(problem, LT_SKIP, LT_CODE_JOURNAL, 0, "%s: not replayed from there on", stopped->text);
    else if (apply->broken)
        lt_fail(problem, LT_SKIP, LT_CODE_JOURNAL, 0, "%ju changes in the log were not replayed: %s",
                (uintmax_t)apply->broken, apply->first_broken.text);
}

/* Work under way. Most of it only keeps the books of free space, which no path tells of; the rest may show. */
static void report_intents(struct replay *replay)
{
    enum { BUI = 0x1244, ATTRI = 0x1246, XMI = 0x1248 };
    const struct lt_xfs_apply *apply = &replay->apply;
    uint64_t maps = lt_xfs_apply_intents(apply, BUI), attributes = lt_xfs_apply_intents(apply, ATTRI),
             exchanges = lt_xfs_apply_intents(apply, XMI);
    for (unsigned kind = LT_XFS_ITEM_EFI; kind <= LT_XFS_ITEM_LAST; kind += 2)
        replay->report->journal.unfinished += lt_xfs_apply_intents(apply, kind);
    if (maps || attributes || exchanges)
        lt_fail(&replay->report->missing, LT_SKIP, LT_CODE_JOURNAL, 0,
                "the log holds work under way that a mount would finish, and that was not done: %ju moves of blocks "
                "between files, %ju changes of attributes, %ju exchanges of contents. These files and attributes are "
                "as they were in the midst of it",
                (uintmax_t)maps, (uintmax_t)attributes, (uintmax_t)exchanges);
}

static void report_journal(struct replay *replay)
{
    struct lt_journal_summary *journal = &replay->report->journal;
    journal->transactions = replay->apply.transactions;
    journal->revoked = replay->apply.revoked;
    journal->first = replay->ring.first;
    journal->next = replay->ring.last;
    journal->blocks = lt_changed_units(replay->apply.changed, replay->apply.xfs.block_size);
    journal->replayed = journal->transactions;
}

static void close_changed(void *arg)
{
    lt_changed_free(arg);
    free(arg);
}

static enum lt_status run(struct replay *replay, const struct lt_device *device, struct lt_device *replayed)
{
    struct lt_err stopped = {0};
    struct lt_changed *changed = lt_realloc(NULL, sizeof *changed);
    *changed = (struct lt_changed){.device = *device};
    replay->apply.changed = changed;
    pass(replay, take_cancels, &stopped);
    pass(replay, take_changes, &stopped);
    lt_xfs_apply_end(&replay->apply);
    lt_changed_settle(changed);
    report_problem(replay, &stopped);
    report_intents(replay);
    report_journal(replay);
    *replayed = *device;
    replayed->read = lt_changed_device_read;
    replayed->close = close_changed;
    replayed->arg = changed;
    replayed->start = 0;
    replayed->failed = NULL; /* the device below counts */
    return LT_OK;
}

enum lt_status lt_xfs_replay(const struct lt_device *device, const struct lt_xfs *xfs, struct lt_device *replayed,
                             struct lt_xfs_replay_report *report)
{
    struct replay *replay = lt_realloc(NULL, sizeof *replay);
    *replay = (struct replay){.apply.xfs = *xfs, .report = report};
    *report = (struct lt_xfs_replay_report){0};
    enum lt_status status = lt_xfs_ring_open(&replay->ring, device, xfs, &report->problem);
    report->journal.present = status != LT_OK || replay->ring.dirty;
    if (status == LT_OK && replay->ring.dirty && xfs->log_incompat & ~LOG_INCOMPAT_KNOWN)
        status = lt_fail(&report->problem, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                         "the log has features that are not known (%#x): not replayed", xfs->log_incompat);
    if (status == LT_OK && replay->ring.dirty)
        status = run(replay, device, replayed);
    else
        status = LT_END;
    lt_xfs_ring_close(&replay->ring);
    lt_xfs_apply_free(&replay->apply);
    free(replay);
    return status;
}
