// SPDX-License-Identifier: Apache-2.0
#include "carve/hints.h"

#include "base/map.h"
#include "carve/stream.h"

#include <stdlib.h>

enum {
    NEAR = 64,        /* blocks within which a deleted file tells something */
    TOGETHER = 16,    /* blocks within which the records of a container are made */
    BESIDE = 2,       /* blocks within which both halves of a configuration are saved */
    NEARLY = 80,      /* percent */
    STEPS = 256,      /* marks that are looked at beside one find */
    MOST_BORN = 4096, /* births in a time that is short enough to tell something */
    SHORT_ID = 12,
};

const struct lt_carve_hint_kind lt_carve_hint_kinds[LT_CARVE_HINTS] = {
    [LT_CARVE_HINT_NONE] = {"", "", 0, 0},
    [LT_CARVE_HINT_SAVED] = {"saved-with", "beside the configuration that is saved with it", 7, 7},
    [LT_CARVE_HINT_NAMED] = {"names", "its one line is the name of this container alone", 8, 8},
    [LT_CARVE_HINT_CREATED] = {"made-with", "beside a record of this container", 39, 44},
    [LT_CARVE_HINT_BETWEEN] = {"between", "between deleted files of this owner", 27, 27},
    [LT_CARVE_HINT_NEAR] = {"near", "near a deleted file of this owner", 15, 17},
    [LT_CARVE_HINT_TIME] = {"written-when", "written when nearly all that was made was of this owner", 310, 329},
};

struct search {
    const struct lt_carve_trail *trail;
    struct lt_arena arena;
    struct lt_map names;         /* name or short ID -> struct lt_container *, or `several` */
    struct lt_container several; /* stands for more than one */
    struct lt_carve_mark *born;  /* owned; marks with a time, in the order of these */
    size_t born_count;
    size_t first, end;              /* the births that were looked at last */
    const struct lt_owner *busiest; /* whose nearly all of these are; NULL: nobody's */
    struct lt_carve_stream stream;
};

bool lt_carve_is_record(const char *format)
{
    static const char *const records[] = {
        "container-config", "host-config", "image-config",   "identifier", "layer-link", "json-log",
        "local-log",        "cri-log",     "image-manifest", "tar-split",  "bolt-page",  "network-file",
    };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        if (strcmp(format, records[i]) == 0)
            return true;
    return false;
}

static uint64_t apart(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

static bool is_same(const struct lt_owner *a, const struct lt_owner *b)
{
    return a && b && a->container == b->container && a->volume == b->volume &&
           (a->container || a->volume || a->role == b->role);
}

/* Files of users lie among files, and records among records: daemons write these at other times. */
static bool is_alike(const struct lt_carve_item *item, const struct lt_carve_mark *mark)
{
    bool among_files = mark->layer.len || mark->below.len || mark->owner->role == LT_ROLE_RW ||
                       mark->owner->role == LT_ROLE_IMAGE || mark->owner->role == LT_ROLE_VOLUME;
    return lt_carve_is_record(item->format) != among_files;
}

static void hint(struct lt_carve_item *item, const struct lt_owner *owner, enum lt_carve_hint kind)
{
    if (!owner || item->owner || item->kind)
        return;
    item->hint = owner;
    item->kind = kind;
}

/* --- by other finds --- */

/* The next item in a direction that fits, within `most` bytes. */
static const struct lt_carve_item *neighbour(const struct lt_carve_trail *trail, size_t at, int step, uint64_t most,
                                             bool (*fits)(const struct lt_carve_item *item))
{
    const struct lt_carve_item *from = &trail->items[at];
    for (at += (size_t)(ptrdiff_t)step; at < trail->item_count; at += (size_t)(ptrdiff_t)step) {
        const struct lt_carve_item *item = &trail->items[at];
        if (apart(item->at, from->at) > most)
            return NULL;
        if (fits(item))
            return item;
    }
    return NULL;
}

/* The owner of the nearest item that fits. NULL: there is none, or two as near are of different owners. */
static const struct lt_owner *nearest(const struct lt_carve_trail *trail, size_t at, unsigned blocks,
                                      bool (*fits)(const struct lt_carve_item *item))
{
    uint64_t most = (uint64_t)blocks * trail->block, here = trail->items[at].at;
    const struct lt_carve_item *left = neighbour(trail, at, -1, most, fits);
    const struct lt_carve_item *right = neighbour(trail, at, 1, most, fits);
    const struct lt_owner *before = left ? left->owner ? left->owner : left->hint : NULL;
    const struct lt_owner *after = right ? right->owner ? right->owner : right->hint : NULL;
    if (!left || !right)
        return left ? before : after;
    if (here - left->at == right->at - here)
        return is_same(before, after) ? before : NULL;
    return here - left->at < right->at - here ? before : after;
}

static bool is_configuration(const struct lt_carve_item *item)
{
    return item->owner && strcmp(item->format, "container-config") == 0;
}

static bool is_named(const struct lt_carve_item *item)
{
    return item->kind == LT_CARVE_HINT_NAMED;
}

/* Both files of a configuration are written in one save (moby daemon/container/container.go, CheckpointTo()). */
static void by_save(const struct lt_carve_trail *trail, size_t at)
{
    struct lt_carve_item *item = &trail->items[at];
    if (strcmp(item->format, "host-config") == 0)
        hint(item, nearest(trail, at, BESIDE, is_configuration), LT_CARVE_HINT_SAVED);
}

static void add_name(struct search *search, struct lt_str name, struct lt_container *container)
{
    bool known = name.len && lt_map_get(&search->names, name);
    if (name.len)
        lt_map_put(&search->names, &search->arena, name, known ? &search->several : container);
}

/* The file `hostname` of a container has its name, or the begin of its ID. */
static void take_names(struct search *search)
{
    lt_each (struct lt_container, container, search->trail->containers) {
        add_name(search, container->name, container);
        if (container->id.len > SHORT_ID)
            add_name(search, (struct lt_str){container->id.ptr, SHORT_ID}, container);
    }
}

static void by_name(const struct search *search, struct lt_carve_item *item)
{
    const struct lt_container *container = item->line.len ? lt_map_get(&search->names, item->line) : NULL;
    if (container && container != &search->several)
        hint(item, &container->owner, LT_CARVE_HINT_NAMED);
}

static bool is_link(const struct lt_carve_item *item)
{
    return strcmp(item->format, "layer-link") == 0 || strcmp(item->format, "identifier") == 0 ||
           strcmp(item->format, "network-file") == 0;
}

static bool is_named_or_link(const struct lt_carve_item *item)
{
    return is_named(item) || is_link(item);
}

/* A container's layers and their links are made before its name is written down, its logs after that (moby
 * daemon/create.go, daemon/start.go). So its name comes next behind the links, and the logs behind the name, but not
 * behind the links of the next container. */
static void by_creation(const struct lt_carve_trail *trail, size_t at)
{
    struct lt_carve_item *item = &trail->items[at];
    uint64_t most = (uint64_t)TOGETHER * trail->block;
    bool log = strcmp(item->format, "json-log") == 0 || strcmp(item->format, "local-log") == 0;
    const struct lt_carve_item *found = NULL;
    if (is_link(item))
        found = neighbour(trail, at, 1, most, is_named);
    else if (log)
        found = neighbour(trail, at, -1, most, is_named_or_link);
    if (found && is_named(found))
        hint(item, found->hint, LT_CARVE_HINT_CREATED);
}

/* --- by deleted files --- */

static int by_place(const void *a, const void *b)
{
    const struct lt_carve_mark *left = a, *right = b;
    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    return left->born.set && right->born.set ? lt_time_cmp(left->born, right->born) : 0;
}

/* The nearest deleted file of its kind in a direction. */
static const struct lt_carve_mark *deleted_near(const struct lt_carve_trail *trail, const struct lt_carve_item *item,
                                                int step)
{
    uint64_t most = (uint64_t)NEAR * trail->block, place = item->at;
    size_t at = lt_carve_marks_before(trail->marks, trail->mark_count, place), left = STEPS;
    for (at -= step < 0; at < trail->mark_count && left; at += (size_t)(ptrdiff_t)step, left--) {
        const struct lt_carve_mark *mark = &trail->marks[at];
        uint64_t end = mark->at + mark->size < place ? mark->at + mark->size : place;
        if (!mark->at || (step > 0 ? mark->at - place : place - end) > most)
            return NULL;
        if (!mark->lives && is_alike(item, mark))
            return mark;
    }
    return NULL;
}

static void by_deleted(const struct lt_carve_trail *trail, struct lt_carve_item *item)
{
    const struct lt_carve_mark *left = deleted_near(trail, item, -1), *right = deleted_near(trail, item, 1);
    bool use_left = left && (!right || item->at - left->at <= right->at - item->at);
    const struct lt_carve_mark *mark = use_left ? left : right;
    bool between = left && right && is_same(left->owner, right->owner) && lt_str_eq(left->layer, right->layer) &&
                   lt_str_eq(left->below, right->below);
    if (!mark || item->owner || item->kind || (!between && lt_carve_is_record(item->format)))
        return;
    hint(item, mark->owner, between ? LT_CARVE_HINT_BETWEEN : LT_CARVE_HINT_NEAR);
    item->hint_layer = mark->layer;
    item->hint_below = mark->below;
}

/* --- by time --- */

static int by_birth(const void *a, const void *b)
{
    const struct lt_carve_mark *left = a, *right = b;
    int order = lt_time_cmp(left->born, right->born);
    return order ? order : by_place(a, b);
}

/* Only what containers, volumes and images have counts. */
static void take_born(struct search *search)
{
    const struct lt_carve_trail *trail = search->trail;
    search->born = lt_realloc(NULL, lt_array_size(trail->mark_count + 1, sizeof *search->born));
    for (size_t i = 0; i < trail->mark_count; i++) {
        const struct lt_carve_mark *mark = &trail->marks[i];
        if (mark->born.set && (mark->owner->container || mark->owner->volume || mark->owner->role == LT_ROLE_IMAGE))
            search->born[search->born_count++] = *mark;
    }
    if (search->born_count)
        qsort(search->born, search->born_count, sizeof *search->born, by_birth);
}

/* How many were born before the time; with `too` also those at it. */
static size_t born_before(const struct search *search, struct lt_time time, bool too)
{
    size_t low = 0, high = search->born_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = lt_time_cmp(search->born[middle].born, time);
        if (order < 0 || (too && !order))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Find the owner of nearly all births from `first` to the one before `end`. Finds that follow each other were often
 * written in the same time. */
static const struct lt_owner *busiest(struct search *search, size_t first, size_t end)
{
    const struct lt_owner *best = NULL;
    size_t balance = 0, mine = 0;
    if (first >= end || end - first > MOST_BORN)
        return NULL;
    if (first == search->first && end == search->end)
        return search->busiest;
    for (size_t i = first; i < end; i++) { /* who has more than half, if anyone has */
        const struct lt_owner *owner = search->born[i].owner;
        best = balance ? best : owner;
        balance += is_same(owner, best) ? 1 : (size_t)-1;
    }
    for (size_t i = first; i < end; i++)
        mine += is_same(search->born[i].owner, best);
    search->first = first;
    search->end = end;
    search->busiest = mine * 100 >= (end - first) * NEARLY ? best : NULL;
    return search->busiest;
}

static void by_time(struct search *search, struct lt_carve_item *item)
{
    struct lt_time from, to;
    if (!lt_carve_is_record(item->format) && !item->owner && !item->kind &&
        lt_carve_written(&search->stream, item->at, &from, &to))
        hint(item, busiest(search, born_before(search, from, false), born_before(search, to, true)),
             LT_CARVE_HINT_TIME);
}

void lt_carve_hints(const struct lt_carve_trail *trail)
{
    struct search search = {.trail = trail};
    if (trail->mark_count)
        qsort(trail->marks, trail->mark_count, sizeof *trail->marks, by_place);
    take_born(&search);
    take_names(&search);
    lt_carve_stream_make(&search.stream, trail->marks, trail->mark_count, trail->block);
    for (size_t i = 0; i < trail->item_count; i++) {
        by_save(trail, i);
        by_name(&search, &trail->items[i]);
    }
    for (size_t i = 0; i < trail->item_count; i++) {
        by_creation(trail, i);
        by_deleted(trail, &trail->items[i]);
        by_time(&search, &trail->items[i]);
    }
    lt_carve_stream_free(&search.stream);
    free(search.born);
    lt_arena_free(&search.arena);
}
