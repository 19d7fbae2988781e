// SPDX-License-Identifier: Apache-2.0
#include "read/carving.h"

#include "evidence/walk.h"
#include "model/runtime.h"
#include "model/told.h"

#include <stdlib.h>

enum { LONGEST_LINE = 64, MOST_MARKS = 1 << 20 };

struct search {
    struct lt_carving *carving;
    struct lt_arena arena;        /* of what is needed for a moment */
    struct lt_arena marks_arena;  /* of what the marks point to */
    struct lt_carve_range *known; /* owned */
    size_t known_count, known_cap;
    struct lt_carve_mark *marks; /* owned */
    size_t mark_count, mark_cap;
    struct lt_list containers; /* of struct lt_container * */
    uint32_t block;
};

/* --- files whose owner is known --- */

static void add_mark(struct search *search, const struct lt_carve_mark *mark)
{
    if (search->mark_count == MOST_MARKS || (!mark->at && !mark->born.set))
        return;
    if (search->mark_count == search->mark_cap) {
        search->mark_cap = search->mark_cap ? search->mark_cap * 2 : 1024;
        search->marks = lt_realloc(search->marks, lt_array_size(search->mark_cap, sizeof *search->marks));
    }
    search->marks[search->mark_count++] = *mark;
}

static void add_known(struct search *search, const struct lt_extent *extent)
{
    if (search->known_count == search->known_cap) {
        search->known_cap = search->known_cap ? search->known_cap * 2 : 256;
        search->known = lt_realloc(search->known, lt_array_size(search->known_cap, sizeof *search->known));
    }
    search->known[search->known_count++] = (struct lt_carve_range){extent->at, extent->size};
}

static struct lt_whose whose_is(struct search *search, struct lt_str path)
{
    const struct lt_carving *carving = search->carving;
    return lt_whose_is(carving->inventory, carving->host, lt_path_on_host(&carving->where, path, &search->arena));
}

/* Does it tell more than that the file is somewhere in the store, or on the host? */
static bool says_something(const struct lt_whose *whose)
{
    const struct lt_owner *owner = whose->owner;
    return owner->container || owner->volume || owner->layer || owner->image || whose->gone.len;
}

/* Of a path whose first steps are lost, the first that is known, if there is another below it. */
static struct lt_str first_step(struct lt_str path)
{
    struct lt_str first = lt_str_cut(&path, '/');
    return path.len ? first : LT_STR("");
}

static enum lt_status take_deleted(void *arg, const struct lt_deleted *file, struct lt_err *err)
{
    struct search *search = arg;
    const struct lt_carving *carving = search->carving;
    const struct lt_whose whose = whose_is(search, file->path);
    struct lt_str below = says_something(&whose) ? LT_STR("") : first_step(file->path);
    for (size_t i = 0; i < file->extent_count && file->complete; i++)
        add_known(search, &file->extents[i]);
    if ((says_something(&whose) || below.len) && !file->lives)
        add_mark(search, &(struct lt_carve_mark){
                             .at = file->extent_count ? file->extents[0].at : 0,
                             .size = file->node->size,
                             .born = file->node->time[LT_B],
                             .owner = whose.owner,
                             .layer = lt_str_dup(&search->marks_arena, whose.gone),
                             .below = lt_str_dup(&search->marks_arena, below),
                         });
    lt_arena_reset(&search->arena);
    return carving->poll ? carving->poll(carving->arg, err) : LT_OK;
}

/* Without a map, a freed inode still says when it was made. */
static enum lt_status take_former(void *arg, const struct lt_former *former, struct lt_err *err)
{
    struct search *search = arg;
    const struct lt_carving *carving = search->carving;
    const struct lt_whose whose = whose_is(search, former->path);
    if (says_something(&whose))
        add_mark(search, &(struct lt_carve_mark){.born = former->node->time[LT_B], .owner = whose.owner});
    lt_arena_reset(&search->arena);
    return carving->poll ? carving->poll(carving->arg, err) : LT_OK;
}

/* --- files of today --- */

static void enter(void *arg, const struct lt_dir *parent, struct lt_dir *child)
{
    struct search *search = arg;
    struct lt_buf path = {0};
    (void)parent;
    lt_dir_path(&path, child);
    lt_buf_lit(&path, "/x"); /* whatever lies in it */
    child->owner = whose_is(search, lt_buf_view(&path)).owner;
    lt_buf_free(&path);
}

static enum lt_status take_entry(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err)
{
    struct search *search = arg;
    const struct lt_carving *carving = search->carving;
    struct lt_fs *fs = carving->where.fs;
    struct lt_carve_mark mark = {.size = node->size, .born = node->time[LT_B], .owner = dir->owner, .lives = true};
    if (node->unallocated)
        return LT_OK;
    if (S_ISREG(node->mode) && !fs->ops->place(fs, node->ino, &mark.at))
        mark.at = 0;
    add_mark(search, &mark);
    return carving->poll ? carving->poll(carving->arg, err) : LT_OK;
}

static void count_nothing(void *arg, size_t count)
{
    (void)arg, (void)count;
}

/* What cannot be read gives no hint. Other readers report it. */
static void pass_over(void *arg, struct lt_str path, const struct lt_err *problem, size_t count)
{
    (void)arg, (void)path, (void)problem, (void)count;
}

static enum lt_status take_living(struct search *search, struct lt_err *err)
{
    struct lt_arena run = {0};
    const struct lt_carving *carving = search->carving;
    const struct lt_walk walk = {
        .fs = carving->where.fs,
        .run = &run,
        .arg = search,
        .seen = count_nothing,
        .entry = take_entry,
        .enter = enter,
        .failed = pass_over,
    };
    struct lt_dir *top = lt_new(&run, struct lt_dir);
    *top = (struct lt_dir){.owner = &carving->host->owner};
    enum lt_status status = lt_walk(&walk, top, err);
    lt_arena_free(&run);
    return status == LT_END ? LT_OK : status;
}

/* --- finds --- */

/* The container that the contents name. */
static struct lt_container *container_of(struct search *search, const struct lt_carve_said *said)
{
    const struct lt_carving *carving = search->carving;
    lt_each (struct lt_root, root, &carving->host->roots) {
        struct lt_container *container = root->runtime->is_id && root->runtime->is_id(said->container)
                                             ? lt_told_container(carving->inventory, root, said->container)
                                             : NULL;
        if (container)
            return container;
    }
    return NULL;
}

static void take_facts(struct search *search, struct lt_carving_find *find)
{
    const struct lt_carve_said *said = &find->carved.said;
    struct lt_container *container = said->container.len ? container_of(search, said) : NULL;
    if (!container)
        return;
    find->owner = &container->owner;
    if (container->removed)
        lt_told_name(search->carving->inventory, container, said->name, false,
                     LT_STR("its configuration, in blocks that no file owns"));
}

static struct lt_carve_said keep_said(struct lt_arena *arena, const struct lt_carve_said *said)
{
    struct lt_carve_said out = *said;
    out.container = lt_str_dup(arena, said->container);
    out.name = lt_str_dup(arena, said->name);
    out.image = lt_str_dup(arena, said->image);
    out.layer = lt_str_dup(arena, said->layer);
    return out;
}

static enum lt_status take_find(void *arg, const struct lt_carved *carved, struct lt_err *err)
{
    struct search *search = arg;
    struct lt_carving *carving = search->carving;
    (void)err;
    if (carving->finds.count >= carving->most) {
        carving->forgotten++;
        return LT_OK;
    }
    struct lt_carving_find *find = lt_new(carving->arena, struct lt_carving_find);
    struct lt_extent *extents = lt_new_array(carving->arena, struct lt_extent, carved->extent_count);
    memcpy(extents, carved->extents, carved->extent_count * sizeof *extents);
    find->carved = *carved;
    find->carved.extents = extents;
    find->carved.said = keep_said(carving->arena, &carved->said);
    take_facts(search, find);
    lt_list_add(&carving->finds, carving->arena, find);
    return LT_OK;
}

/* All of the find, if it is one short line. */
static struct lt_str line_of(struct search *search, const struct lt_carved *carved)
{
    char line[LONGEST_LINE];
    struct lt_err ignored = {0};
    ssize_t got = carved->size < sizeof line ? lt_carve_read(carved, line, sizeof line, 0, &ignored) : 0;
    struct lt_str text = {line, got > 0 ? (size_t)got : 0};
    text = lt_str_trim(text);
    return text.len && memchr(text.ptr, '\n', text.len) ? LT_STR("") : lt_str_dup(&search->arena, text);
}

static void add_containers(struct search *search)
{
    lt_each (const struct lt_root, root, &search->carving->host->roots) {
        lt_each (const struct lt_container, container, &root->containers)
            lt_list_add(&search->containers, &search->arena, container);
        lt_each (const struct lt_container, container, &root->removed)
            if (!lt_list_has(&search->containers, container))
                lt_list_add(&search->containers, &search->arena, container);
    }
}

static void take_hints(struct search *search)
{
    struct lt_carving *carving = search->carving;
    size_t count = carving->finds.count;
    struct lt_carve_item *items = lt_new_array(&search->arena, struct lt_carve_item, count + 1);
    lt_each (const struct lt_carving_find, find, &carving->finds)
        items[find_at] = (struct lt_carve_item){.format = find->carved.format,
                                                .at = find->carved.extents[0].at,
                                                .size = find->carved.size,
                                                .line = line_of(search, &find->carved),
                                                .owner = find->owner};
    add_containers(search);
    for (size_t i = 0; i < search->mark_count && search->mark_count == MOST_MARKS; i++)
        search->marks[i].born = (struct lt_time){0}; /* others are missing: the times would mislead */
    const struct lt_carve_trail trail = {
        items, count, search->marks, search->mark_count, &search->containers, search->block,
    };
    lt_carve_hints(&trail);
    lt_each (struct lt_carving_find, find, &carving->finds) {
        find->hint = items[find_at].hint;
        find->hint_layer = lt_str_dup(carving->arena, items[find_at].hint_layer);
        find->hint_below = lt_str_dup(carving->arena, items[find_at].hint_below);
        find->kind = &lt_carve_hint_kinds[items[find_at].kind];
    }
}

static enum lt_status poll(void *arg, struct lt_err *err)
{
    const struct search *search = arg;
    return search->carving->poll ? search->carving->poll(search->carving->arg, err) : LT_OK;
}

static int by_place(const void *a, const void *b)
{
    const struct lt_carve_range *left = a, *right = b;
    return (left->at > right->at) - (left->at < right->at);
}

/* Put the known ranges in order, and make one of those that overlap. */
static void join_known(struct search *search)
{
    size_t count = 0;
    if (search->known_count)
        qsort(search->known, search->known_count, sizeof *search->known, by_place);
    for (size_t i = 0; i < search->known_count; i++) {
        struct lt_carve_range *last = count ? &search->known[count - 1] : NULL, *next = &search->known[i];
        uint64_t end = next->at + next->size;
        if (!last || next->at > last->at + last->size)
            search->known[count++] = *next;
        else if (end > last->at + last->size)
            last->size = end - last->at;
    }
    search->known_count = count;
}

static enum lt_status note_block(void *arg, const struct lt_unowned *run, struct lt_err *err)
{
    (void)err;
    *(uint32_t *)arg = run->block;
    return LT_END;
}

static void worse(enum lt_status *all, enum lt_status status)
{
    *all = status < *all && status != LT_END ? status : *all;
}

enum lt_status lt_carving_search(struct lt_carving *carving, struct lt_err *err)
{
    struct lt_fs *fs = carving->where.fs;
    struct search search = {.carving = carving};
    enum lt_status status = LT_OK;
    if (!fs->ops->unowned)
        return LT_END;
    fs->ops->unowned(fs, note_block, &search.block, err);
    if (fs->ops->deleted)
        worse(&status, fs->ops->deleted(fs, take_deleted, &search, err));
    if (fs->ops->former && status != LT_FATAL)
        worse(&status, fs->ops->former(fs, take_former, &search, err));
    if (status != LT_FATAL)
        worse(&status, take_living(&search, err));
    join_known(&search);
    const struct lt_carve_search carve = {fs, search.known, search.known_count, take_find, poll, &search};
    if (status != LT_FATAL)
        worse(&status, lt_carve(&carve, err));
    if (status != LT_FATAL && search.block)
        take_hints(&search);
    free(search.known);
    free(search.marks);
    lt_arena_free(&search.arena);
    lt_arena_free(&search.marks_arena);
    return status;
}
