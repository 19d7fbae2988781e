// SPDX-License-Identifier: Apache-2.0
#include "command/run_fold.h"

#include <stdlib.h>

const int64_t lt_run_spread = 10000000000;

/* The state of a fold. */
struct fold {
    struct lt_arena *arena;
    struct lt_list *runs;
    struct lt_run *run; /* the last one; NULL: there is none */
    bool running;       /* it has not ended yet */
    struct lt_time created;
    struct lt_time begun;        /* the first witness of its start */
    struct lt_time over;         /* the first witness of its end */
    const struct lt_sign *alive; /* the last sign of life */
};

static bool is_earlier(struct lt_time a, struct lt_time b)
{
    return a.set && (!b.set || lt_time_cmp(a, b) < 0);
}

/* Is `b` later than `a` by so much that they are not of one start or end? */
static bool is_apart(struct lt_time a, struct lt_time b)
{
    return lt_time_cmp(lt_time_add(a, lt_run_spread), b) < 0;
}

static void witness(struct lt_moment *moment, const struct lt_sign *sign)
{
    bool nearer = sign->rank == moment->rank && sign->side == LT_SIGN_AFTER && !moment->exact;
    if (!moment->by || sign->rank < moment->rank || nearer) {
        moment->time = sign->time;
        moment->rank = sign->rank;
        moment->by = sign->by;
        moment->path = sign->path;
        moment->offset = sign->offset;
        moment->has_offset = sign->has_offset;
    }
    if (moment->exact)
        return; /* log lines are written down late */
    if (sign->side == LT_SIGN_AT && sign->by == moment->by) {
        moment->bounded = sign->first.set || sign->last.set;
        moment->exact = !moment->bounded;
        moment->first = sign->first.set && !is_earlier(sign->first, moment->first) ? sign->first : moment->first;
        moment->last = sign->last;
    } else if (sign->side == LT_SIGN_AFTER && (!moment->first.set || is_earlier(moment->first, sign->time))) {
        moment->first = sign->time;
    } else if (sign->side == LT_SIGN_BEFORE && is_earlier(sign->time, moment->last)) {
        moment->last = sign->time;
    }
}

/* The last sign of life before `time`. Several that are one may go on after it: then one of them was not further before
 * it than they are apart. */
static struct lt_time seen_before(const struct fold *fold, struct lt_time time)
{
    struct lt_time seen = fold->run->seen;
    if (!fold->alive || !is_earlier(seen, fold->alive->until))
        return seen;
    if (!is_earlier(time, fold->alive->until))
        return fold->alive->until;
    struct lt_time near = lt_time_add(time, -fold->alive->gap);
    if (is_earlier(near, fold->alive->time))
        near = fold->alive->time;
    return is_earlier(seen, near) ? near : seen;
}

static void set_seen(struct fold *fold, struct lt_time time)
{
    struct lt_time seen = seen_before(fold, time);
    if (fold->alive && is_earlier(fold->run->seen, seen))
        fold->run->seen_by = fold->alive->by;
    fold->run->seen = seen;
}

/* Begin a run at or before `sign`. */
static void begin(struct fold *fold, const struct lt_sign *sign)
{
    const struct lt_run *before = fold->run;
    struct lt_run *run = lt_new(fold->arena, struct lt_run);
    run->open = true;
    run->started.first = before ? fold->over : fold->created;
    if (sign->what != LT_SIGN_START)
        run->started.last = sign->time;
    fold->run = run;
    fold->running = true;
    fold->begun = sign->time;
    fold->over = (struct lt_time){0};
    lt_list_add(fold->runs, fold->arena, run);
}

/* The run ended, as `sign` says, or before `sign`, which belongs to another one. */
static void finish(struct fold *fold, const struct lt_sign *sign)
{
    struct lt_run *run = fold->run;
    set_seen(fold, sign->time);
    run->open = false;
    run->ended.first = run->seen;
    run->ended.last = sign->time;
    fold->running = false;
    fold->over = sign->time;
}

static void take_start(struct fold *fold, const struct lt_sign *sign)
{
    if (sign->side == LT_SIGN_BEFORE && !fold->running && fold->run && !is_apart(fold->over, sign->time)) {
        if (!fold->run->started.by)
            witness(&fold->run->started, sign);
        return; /* it ended before somebody saw that it had started */
    }
    if (fold->running && is_apart(fold->begun, sign->time))
        finish(fold, sign);
    if (!fold->running)
        begin(fold, sign);
    struct lt_run *run = fold->run;
    if (sign->side == LT_SIGN_AFTER && !run->started.by)
        run->started.first = sign->time;
    witness(&run->started, sign);
    if (is_earlier(run->seen, sign->time) || !run->seen.set) {
        run->seen = sign->time;
        run->seen_by = sign->by;
    }
}

static void take_alive(struct fold *fold, const struct lt_sign *sign)
{
    if (!fold->running && fold->run && !is_apart(fold->over, sign->time))
        return; /* written down late */
    if (!fold->running)
        begin(fold, sign);
    if (!fold->run->started.last.set)
        fold->run->started.last = sign->time;
    if (!fold->alive || is_earlier(fold->alive->until, sign->until))
        fold->alive = sign;
    if (!fold->run->seen.set) {
        fold->run->seen = sign->time;
        fold->run->seen_by = sign->by;
    }
}

static void take_end(struct fold *fold, const struct lt_sign *sign)
{
    if (!fold->running && (!fold->run || is_apart(fold->over, sign->time)))
        begin(fold, sign);
    struct lt_run *run = fold->run;
    if (!run->started.last.set)
        run->started.last = sign->time;
    if (fold->running) {
        finish(fold, sign);
        run->ended.last = (struct lt_time){0};
    }
    witness(&run->ended, sign);
    if (sign->has_exit_code) {
        run->has_exit_code = true;
        run->exit_code = sign->exit_code;
    }
    if (fold->alive && is_apart(sign->time, fold->alive->until) && is_earlier(fold->alive->time, sign->time)) {
        begin(fold, sign); /* it went on writing: nobody witnesses that it was started again */
        fold->run->started.last = lt_time_add(sign->time, lt_run_spread);
    }
}

/* Bounds of what is exact, or that contradict each other, are none. */
static void tidy(struct lt_moment *moment)
{
    bool contradict = moment->first.set && is_earlier(moment->last, moment->first);
    if (moment->exact || contradict)
        moment->first = moment->last = (struct lt_time){0};
    else if (moment->time.set && is_earlier(moment->last, moment->time))
        moment->time = moment->last;
    else if (moment->time.set && is_earlier(moment->time, moment->first) && moment->first.set)
        moment->time = moment->first;
}

/* An end of which only bounds are known was most likely at the last sign of life. */
static void tidy_run(struct lt_run *run)
{
    if (run->ended.bounded && run->ended.first.set)
        run->ended.time = run->ended.first;
    tidy(&run->started);
    tidy(&run->ended);
}

static int by_time(const void *a, const void *b)
{
    const struct lt_sign *const *left = a, *const *right = b;
    int order = lt_time_cmp((*left)->time, (*right)->time);
    return order ? order : (int)(*left)->what - (int)(*right)->what;
}

void lt_runs_fold(struct lt_list *signs, struct lt_time created, struct lt_arena *arena, struct lt_list *out)
{
    struct fold fold = {.arena = arena, .runs = out, .created = created};
    if (signs->count)
        qsort(signs->items, signs->count, sizeof *signs->items, by_time);
    lt_each (const struct lt_sign, sign, signs) {
        if (sign->what == LT_SIGN_START)
            take_start(&fold, sign);
        else if (sign->what == LT_SIGN_ALIVE)
            take_alive(&fold, sign);
        else
            take_end(&fold, sign);
    }
    if (fold.running && fold.alive)
        set_seen(&fold, fold.alive->until);
    if (fold.running)
        fold.run->ended.first = fold.run->seen;
    lt_each (struct lt_run, run, out)
        tidy_run(run);
}
