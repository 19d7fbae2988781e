// SPDX-License-Identifier: Apache-2.0
#include "command/run_signs.h"

#include <string.h>

/* What the table says of a kind of event, or of a line. */
struct rule {
    enum lt_sign_what what;
    enum lt_sign_side side;
    unsigned rank;
    const char *words; /* of a line: a text that it holds */
    const char *also;  /* of a line: another one */
};

enum { RANK_OF_LINES = 9, MOST_ALIVE = 65536 };

static const int64_t SECOND = 1000000000, LONGEST_GAP = 3600000000000;

static const struct rule of_kinds[LT_KINDS] = {
#define RUN_KIND(kind, what, side, rank, words) [LT_KIND_##kind] = {LT_SIGN_##what, LT_SIGN_##side, rank, words, NULL},
#include "command/runs.def"
};

static const struct rule of_lines[] = {
#define RUN_LINE(text, also, what, side) {LT_SIGN_##what, LT_SIGN_##side, RANK_OF_LINES, text, also},
#include "command/runs.def"
};

/* The signs of one container. */
struct witnesses {
    struct lt_list signs; /* of struct lt_sign * */
    size_t alive, most;   /* how many of them are signs of life, and when to thin them out */
    int64_t gap;          /* signs of life no further apart are one */
};

static struct witnesses *witnesses_of(struct lt_run_signs *all, const struct lt_container *container)
{
    const uintptr_t address = (uintptr_t)container;
    struct lt_str key = {(const char *)&address, sizeof address};
    struct witnesses *found = lt_map_get(&all->by_container, key);
    if (found)
        return found;
    found = lt_new(all->arena, struct witnesses);
    found->gap = SECOND;
    found->most = MOST_ALIVE;
    lt_map_put(&all->by_container, all->arena, lt_str_dup(all->arena, key), found);
    return found;
}

struct lt_list *lt_run_signs_of(struct lt_run_signs *all, const struct lt_container *container)
{
    return &witnesses_of(all, container)->signs;
}

static bool holds(struct lt_str text, const char *word)
{
    return !*word || (text.len && memmem(text.ptr, text.len, word, strlen(word)));
}

/* The rule that fits the event; NULL: it is no witness. */
static const struct rule *rule_of(const struct lt_event *event)
{
    const struct lt_attr *body = lt_event_attr(event, LT_ATTR_BODY);
    if (event->kind != LT_KIND_DAEMON_LINE)
        return of_kinds[event->kind].what ? &of_kinds[event->kind] : NULL;
    for (size_t i = 0; body && i < sizeof of_lines / sizeof *of_lines; i++)
        if (holds(body->text, of_lines[i].words) && holds(body->text, of_lines[i].also))
            return of_lines[i].what ? &of_lines[i] : NULL;
    return NULL;
}

/* Make one sign of life of both, if they are close. */
static bool merge(struct lt_sign *sign, const struct lt_sign *next, int64_t gap)
{
    if (sign->what != LT_SIGN_ALIVE || next->what != LT_SIGN_ALIVE || sign->by != next->by ||
        lt_time_cmp(next->time, sign->until) < 0 || lt_time_cmp(lt_time_add(sign->until, gap), next->time) < 0)
        return false;
    sign->until = next->until;
    sign->gap = gap;
    return true;
}

/* Keep the signs of life of a long log few: from now on, those that are twice as far apart are one. */
static void thin_out(struct witnesses *witnesses)
{
    struct lt_list *signs = &witnesses->signs;
    size_t kept = 0;
    witnesses->gap *= witnesses->gap < LONGEST_GAP ? 2 : 1;
    for (size_t at = 0; at < signs->count; at++)
        if (!kept || !merge(signs->items[kept - 1], signs->items[at], witnesses->gap))
            signs->items[kept++] = signs->items[at];
    witnesses->alive -= signs->count - kept;
    signs->count = kept;
    if (witnesses->alive > witnesses->most / 2)
        witnesses->most *= 2; /* they are far apart, or in no order */
}

static void add_sign(struct witnesses *witnesses, struct lt_arena *arena, const struct lt_sign *sign)
{
    struct lt_list *signs = &witnesses->signs;
    if (signs->count && merge(signs->items[signs->count - 1], sign, witnesses->gap))
        return;
    struct lt_sign *copy = lt_new(arena, struct lt_sign);
    *copy = *sign;
    lt_list_add(signs, arena, copy);
    witnesses->alive += sign->what == LT_SIGN_ALIVE;
    if (witnesses->alive > witnesses->most)
        thin_out(witnesses);
}

/* What the state of a container says of its last run. While it runs, its end is that of the run before, whose exit code
 * is gone. If it does not, and its end is before its start, the daemon noted the start late: a process ended at once.
 */
static void correct(struct lt_sign *sign, const struct lt_event *event)
{
    const struct lt_container *container = event->owner->container;
    const struct lt_attr *code = lt_event_attr(event, LT_ATTR_EXIT_CODE);
    bool late = sign->what == LT_SIGN_START && sign->side == LT_SIGN_AT && !container->running &&
                !container->found_dead && container->finished.set && lt_time_same(sign->time, container->started) &&
                lt_time_cmp(container->finished, container->started) < 0;
    if (late) {
        sign->time = container->finished;
        sign->side = LT_SIGN_BEFORE;
    }
    sign->has_exit_code = code && sign->what == LT_SIGN_END && !container->running;
    sign->exit_code = sign->has_exit_code ? code->number : 0;
}

enum lt_status lt_run_signs_take(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    struct lt_run_signs *all = arg;
    const struct lt_container *container = event->owner->container;
    const struct rule *rule = container && container->id.len ? rule_of(event) : NULL;
    struct lt_time time = event->last.set ? event->last : event->time[0];
    (void)err;
    *fate = rule && time.set ? LT_EMITTED : LT_FILTERED;
    if (*fate == LT_FILTERED)
        return LT_OK;
    struct lt_sign sign = {
        .what = rule->what,
        .side = rule->side,
        .rank = rule->rank,
        .time = time,
        .until = time,
        .first = event->first,
        .last = event->last,
        .by = rule->words,
    };
    if (rule->what != LT_SIGN_ALIVE) {
        sign.path = lt_str_dup(all->arena, event->where.file);
        sign.offset = event->where.offset;
        sign.has_offset = event->where.has_offset;
        correct(&sign, event);
    }
    add_sign(witnesses_of(all, container), all->arena, &sign);
    return LT_OK;
}
