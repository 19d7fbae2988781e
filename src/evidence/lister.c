// SPDX-License-Identifier: Apache-2.0
#include "evidence/lister.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>

enum {
    MOST_BROTHERS = 32,       /* directories listed ahead in one directory: enough for many threads on a cold disk */
    MOST_AHEAD = 1024,        /* in all: deep trees have some on each level */
    MOST_ENTRIES = 64 * 1024, /* in the listings that wait to be taken: about 16 MB */
    MOST_NAMES = 8 * 1024, /* a larger directory is not listed ahead, so that at most one such listing is in memory */
    SPARE_BYTES = 512 * 1024, /* a larger arena is given back at once */
    LOOK_EVERY = 4,           /* listings between two checks whether the evidence is slow */
    WAITED = 4,               /* weight of a check that found a wait; one that found none weighs -1 */
    SLOW = 12,                /* the sum at which one more thread is wanted */
    CALM = -64,               /* the sum at which one fewer is wanted */
    WORTH_WAKING = 8,         /* directories; to wake a thread costs as much as to list a small one */
};

enum state { WAITING, RUNNING, DONE, TOO_LARGE };

/* A listing, and the arena that it is in. */
struct result {
    struct result *next;
    struct lt_arena arena;
    struct lt_listing listing;
    struct lt_err problem;
};

struct item {
    const struct lt_dir *dir;
    struct result *result; /* unless WAITING */
    size_t below;          /* the next lower WAITING one, counted from 1; 0: none */
    enum state state;
};

struct lt_lister {
    unsigned cores;
    pthread_t *ids;
    unsigned started;

    pthread_mutex_t lock; /* guards all that follows */
    pthread_cond_t work;  /* there may be something to list ahead */
    pthread_cond_t done;  /* a listing has ended; signalled while the taker waits */
    struct lt_fs *fs;
    struct item *items;
    size_t count, cap;
    size_t top; /* the highest WAITING item, counted from 1; 0: none. All above it are begun. */
    size_t waiting, ahead, entries;
    struct result *spare, *lent;
    unsigned threads; /* at most */
    unsigned wanted;  /* threads that may list at a time, the taker included: see adapt() */
    unsigned busy;    /* those that list now, without the taker */
    unsigned idle;    /* those that wait for work */
    unsigned listings;
    int waits;
    bool taker_waits, closing;
};

/* How many cores we may use, at least 1. */
static unsigned count_cores(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count > 0 ? (unsigned)count : 1;
}

struct lt_lister *lt_lister_new(unsigned threads)
{
    struct lt_lister *lister = lt_realloc(NULL, sizeof *lister);
    *lister = (struct lt_lister){.threads = threads, .cores = count_cores()};
    lister->wanted = threads < lister->cores ? threads : lister->cores;
    if (threads > 1)
        lister->ids = lt_realloc(NULL, (threads - 1) * sizeof *lister->ids);
    /* The lock is held for a few instructions only, so spin before going to sleep. */
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&lister->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    pthread_cond_init(&lister->work, NULL);
    pthread_cond_init(&lister->done, NULL);
    return lister;
}

static struct result *new_result(struct lt_lister *lister)
{
    struct result *result = lister->spare;
    if (result) {
        lister->spare = result->next;
        lt_arena_reset(&result->arena);
    } else {
        result = lt_realloc(NULL, sizeof *result);
        result->arena = (struct lt_arena){0};
    }
    result->next = NULL;
    result->listing = (struct lt_listing){0};
    lt_err_clear(&result->problem);
    return result;
}

static void recycle(struct lt_lister *lister, struct result *result)
{
    if (result->arena.bytes > SPARE_BYTES)
        lt_arena_free(&result->arena);
    result->next = lister->spare;
    lister->spare = result;
}

static struct item *top_item(struct lt_lister *lister)
{
    return &lister->items[lister->top - 1];
}

static void remove_waiting(struct lt_lister *lister)
{
    struct item *item = top_item(lister);
    lister->top = item->below;
    lister->waiting--;
}

/* May the highest waiting directory be listed ahead, if at most `brothers` with the same parent may? They stand
 * together on the stack. The limit holds for each level by itself: listings of a higher level wait until all below the
 * current directory is done, and must not keep that from being listed ahead. */
static bool may_list(const struct lt_lister *lister, size_t brothers)
{
    if (!lister->top || !lister->fs->ops->list_ahead || lister->ahead >= MOST_AHEAD || lister->entries >= MOST_ENTRIES)
        return false;
    size_t far = lister->top - 1 + brothers;
    return far >= lister->count || lister->items[far].dir->parent != lister->items[lister->top - 1].dir->parent;
}

/* How often this thread has waited for something. */
static long count_waits(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 0;
}

/* Cached directories keep a core busy, so more threads than cores only cost time. On a cold disk or over a network each
 * listing waits, and more threads make more requests at a time. */
static void adapt(struct lt_lister *lister, bool waited)
{
    lister->waits += waited ? WAITED : -1;
    if (lister->waits > CALM && lister->waits < SLOW)
        return;
    if (lister->waits >= SLOW)
        lister->wanted += lister->wanted < lister->threads;
    else
        lister->wanted -= lister->wanted > lister->cores;
    lister->waits = 0;
}

/* List one directory into `result`, in its turn or `ahead` of it. The lock is held by the caller, and given up while
 * the directory is read. */
static enum lt_status list(struct lt_lister *lister, const struct lt_dir *dir, bool ahead, struct result *result)
{
    struct lt_fs *fs = lister->fs;
    bool look = fs->ops->list_ahead && lister->threads > 1 && ++lister->listings % LOOK_EVERY == 0;
    pthread_mutex_unlock(&lister->lock);
    long before = look ? count_waits() : 0;
    enum lt_status status =
        ahead ? fs->ops->list_ahead(fs, dir, MOST_NAMES, &result->arena, &result->listing, &result->problem)
              : fs->ops->list(fs, dir, &result->arena, &result->listing, &result->problem);
    bool waited = look && count_waits() > before;
    pthread_mutex_lock(&lister->lock);
    if (look)
        adapt(lister, waited);
    return status;
}

/* List the highest waiting directory ahead; for the lock see list(). */
static void list_ahead(struct lt_lister *lister)
{
    size_t at = lister->top - 1;
    const struct lt_dir *dir = lister->items[at].dir;
    struct result *result = lister->items[at].result = new_result(lister);
    lister->items[at].state = RUNNING;
    remove_waiting(lister);
    lister->ahead++;
    enum lt_status status = list(lister, dir, true, result);
    lister->items[at].state = status == LT_END ? TOO_LARGE : DONE;
    if (status == LT_END)
        lt_arena_reset(&result->arena);
    lister->entries += result->listing.count;
    if (lister->taker_waits)
        pthread_cond_signal(&lister->done);
}

static void *work(void *arg)
{
    struct lt_lister *lister = arg;
    pthread_mutex_lock(&lister->lock);
    while (!lister->closing) {
        if (lister->busy + 1 < lister->wanted && may_list(lister, MOST_BROTHERS)) {
            lister->busy++;
            list_ahead(lister);
            lister->busy--;
            continue;
        }
        lister->idle++;
        pthread_cond_wait(&lister->work, &lister->lock);
        lister->idle--;
    }
    pthread_mutex_unlock(&lister->lock);
    return NULL;
}

/* Wake or start one more thread, if there is more to do than what the taker will list next. */
static void wake(struct lt_lister *lister)
{
    if (lister->busy + 1 >= lister->wanted || lister->waiting < WORTH_WAKING || !may_list(lister, MOST_BROTHERS / 2))
        return;
    if (lister->idle)
        pthread_cond_signal(&lister->work);
    else if (lister->started + 1 < lister->threads) {
        if (pthread_create(&lister->ids[lister->started], NULL, work, lister) == 0)
            lister->started++;
        else
            lister->threads = lister->wanted = lister->started + 1; /* the system allows no more, so go on with these */
    }
}

void lt_lister_begin(struct lt_lister *lister, struct lt_fs *fs)
{
    pthread_mutex_lock(&lister->lock);
    lister->fs = fs;
    pthread_mutex_unlock(&lister->lock);
}

void lt_lister_push(struct lt_lister *lister, const struct lt_dir *dir)
{
    pthread_mutex_lock(&lister->lock);
    if (lister->count == lister->cap) {
        lister->cap = lister->cap ? lister->cap * 2 : 64;
        lister->items = lt_realloc(lister->items, lt_array_size(lister->cap, sizeof *lister->items));
    }
    lister->items[lister->count++] = (struct item){.dir = dir, .below = lister->top, .state = WAITING};
    lister->top = lister->count;
    lister->waiting++;
    wake(lister);
    pthread_mutex_unlock(&lister->lock);
}

/* While another thread lists the directory `at`, list one that comes later, or wait. */
static void await_top(struct lt_lister *lister, size_t at)
{
    while (lister->items[at].state == RUNNING) {
        if (may_list(lister, MOST_BROTHERS)) {
            list_ahead(lister);
            continue;
        }
        lister->taker_waits = true;
        pthread_cond_wait(&lister->done, &lister->lock);
        lister->taker_waits = false;
    }
}

/* Take the highest item off the stack. It has a result; unless its state is DONE, the directory is still to be listed
 * into it. The lock is held. */
static struct item take(struct lt_lister *lister)
{
    size_t at = lister->count - 1;
    await_top(lister, at);
    struct item item = lister->items[at];
    if (item.state == WAITING) {
        remove_waiting(lister);
        item.result = new_result(lister);
    } else {
        lister->ahead--;
        lister->entries -= item.result->listing.count;
    }
    lister->count--;
    lister->lent = item.result;
    return item;
}

const struct lt_dir *lt_lister_next(struct lt_lister *lister, struct lt_listing *out, struct lt_err *problem)
{
    struct item item = {0};
    pthread_mutex_lock(&lister->lock);
    if (lister->lent)
        recycle(lister, lister->lent);
    lister->lent = NULL;
    if (lister->count) {
        item = take(lister);
        wake(lister);
        if (item.state != DONE)
            list(lister, item.dir, false, item.result);
        *out = item.result->listing;
        *problem = item.result->problem;
    }
    pthread_mutex_unlock(&lister->lock);
    return item.dir;
}

void lt_lister_end(struct lt_lister *lister)
{
    pthread_mutex_lock(&lister->lock);
    lister->top = lister->waiting = 0; /* so that no thread begins another listing */
    for (; lister->count; lister->count--) {
        size_t at = lister->count - 1;
        await_top(lister, at);
        if (lister->items[at].result)
            recycle(lister, lister->items[at].result);
    }
    lister->ahead = lister->entries = 0;
    if (lister->lent)
        recycle(lister, lister->lent);
    lister->lent = NULL;
    pthread_mutex_unlock(&lister->lock);
}

void lt_lister_free(struct lt_lister *lister)
{
    pthread_mutex_lock(&lister->lock);
    lister->closing = true;
    pthread_cond_broadcast(&lister->work);
    pthread_mutex_unlock(&lister->lock);
    for (unsigned i = 0; i < lister->started; i++)
        pthread_join(lister->ids[i], NULL);
    for (struct result *result = lister->spare, *next; result; result = next) {
        next = result->next;
        lt_arena_free(&result->arena);
        free(result);
    }
    pthread_cond_destroy(&lister->work);
    pthread_cond_destroy(&lister->done);
    pthread_mutex_destroy(&lister->lock);
    free(lister->items);
    free(lister->ids);
    free(lister);
}
