// SPDX-License-Identifier: Apache-2.0
#include "read/search.h"

#include "evidence/mounted.h"
#include "evidence/walk.h"
#include "read/unread.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_WAITING = 4 * 1024 * 1024 }; /* directories that wait for their turn */

/* A directory that waits. `path` is owned. */
struct item {
    char *path;
    size_t len;
    uint64_t ino;
    unsigned depth;
};

struct pass {
    struct lt_discovery discovery;
    struct lt_ctx ctx;
    lt_take_place *take;
    struct item *items;
    size_t count, cap;
    uint64_t names;
    bool full;
    uint64_t unread;         /* directories whose names could not be read in full */
    struct lt_str first;     /* path of the first of them */
    struct lt_err problem;   /* with that */
    struct lt_map known;     /* paths that are not searched */
    struct lt_map searched;  /* directories, unless fs->is_tree */
    struct lt_arena kept;    /* for the whole pass */
    struct lt_arena scratch; /* for a directory; that of the context too */
    /* The directory at hand. */
    struct lt_dir dir;
    bool marked;
};

static struct lt_str path_of(const struct item *item)
{
    return item->len ? (struct lt_str){item->path, item->len} : LT_STR("");
}

static void push(struct pass *pass, struct lt_str path, uint64_t ino, unsigned depth)
{
    struct lt_buf copy = {0};
    if (pass->count == pass->cap) {
        pass->cap = pass->cap ? pass->cap * 2 : 256;
        pass->items = lt_realloc(pass->items, lt_array_size(pass->cap, sizeof *pass->items));
    }
    lt_buf_add(&copy, path);
    pass->items[pass->count++] = (struct item){copy.ptr, copy.len, ino, depth};
}

/* Let the directory `name` of the one at hand wait. Returns whether it will be searched. */
static bool push_entry(struct pass *pass, struct lt_str name, uint64_t ino)
{
    struct lt_buf path = {0};
    lt_buf_add(&path, pass->dir.name);
    lt_buf_char(&path, '/');
    lt_buf_add(&path, name);
    pass->full |= pass->count >= MOST_WAITING;
    bool wanted = !pass->full && path.len < LT_MAX_PATH && !lt_map_get(&pass->known, lt_buf_view(&path));
    if (wanted)
        push(pass, lt_buf_view(&path), ino, pass->dir.depth + 1);
    lt_buf_free(&path);
    return wanted;
}

/* Is a store known by this name, of its own directory or of an entry in it? */
static bool is_mark(const struct pass *pass, struct lt_str name, bool itself)
{
    for (size_t i = 0; pass->discovery.runtimes[i]; i++)
        for (const struct lt_mark *mark = pass->discovery.runtimes[i]->marks; mark && mark->name; mark++)
            if (mark->itself == itself && lt_str_eq(name, lt_str_c(mark->name)))
                return true;
    for (const char *const *mark = lt_unread_marks; !itself && *mark; mark++)
        if (lt_str_eq(name, lt_str_c(*mark)))
            return true;
    return false;
}

/* Keep the first thing that cannot be searched, and count the others. */
static void note_unread(struct pass *pass, struct lt_str path, const struct lt_err *problem)
{
    if (pass->unread++)
        return;
    pass->first = lt_str_dup(&pass->kept, path);
    pass->problem = *problem;
}

static bool is_directory(struct pass *pass, struct lt_str name, uint64_t ino, unsigned type)
{
    struct lt_node node = {.name = name, .ino = ino};
    if (type)
        return S_ISDIR(type);
    struct lt_fs *fs = pass->ctx.fs;
    struct lt_err problem = {0};
    if (fs->ops->describe(fs, &pass->dir, &pass->scratch, &node, &problem) == LT_SKIP)
        note_unread(pass, lt_path_join(&pass->scratch, pass->dir.name, name), &problem);
    return S_ISDIR(node.mode);
}

static void take_name(void *arg, struct lt_str name, uint64_t ino, unsigned type)
{
    struct pass *pass = arg;
    pass->names++;
    if (!is_directory(pass, name, ino, type))
        return;
    if (push_entry(pass, name, ino))
        pass->marked |= is_mark(pass, name, false);
}

/* Drop what waits at `path` and below. */
static void drop(struct pass *pass, struct lt_str path)
{
    struct lt_str rest;
    size_t kept = 0;
    for (size_t i = 0; i < pass->count; i++) {
        if (lt_path_behind(path_of(&pass->items[i]), path, &rest))
            free(pass->items[i].path);
        else
            pass->items[kept++] = pass->items[i];
    }
    pass->count = kept;
}

/* Note the stores, and what the links in them lead to: parts that lie elsewhere are no stores of their own. */
static void note_known(struct pass *pass)
{
    lt_each (const struct lt_root, root, &pass->ctx.host->roots) {
        if (root->fs != pass->ctx.fs)
            continue;
        lt_map_put(&pass->known, &pass->kept, root->path, pass);
        lt_each (const struct lt_link, link, &root->links)
            lt_map_put(&pass->known, &pass->kept, link->leads_to, pass);
    }
}

/* Last names first: the last item is taken next. */
static int by_path(const void *a, const void *b)
{
    return lt_str_cmp(path_of(b), path_of(a));
}

/* A hostile image may lead back to a directory for ever. Nothing is lost where it is searched once. */
static bool is_first_time(struct pass *pass, const struct item *item)
{
    uint64_t identity[2];
    struct lt_fs *fs = pass->ctx.fs;
    if (fs->is_tree || !lt_mounted_identity(fs, path_of(item), item->ino, identity))
        return true;
    struct lt_str key = {(const char *)identity, sizeof identity};
    if (lt_map_get(&pass->searched, key))
        return false;
    lt_map_put(&pass->searched, &pass->kept, lt_str_dup(&pass->kept, key), pass);
    return true;
}

static void look_at(struct pass *pass, const struct item *item)
{
    size_t before = pass->count;
    struct lt_err problem = {0};
    struct lt_fs *fs = pass->ctx.fs;
    struct lt_str path = path_of(item), done = path;
    if ((fs->ops->stored && !fs->ops->stored(fs, path)) || !is_first_time(pass, item))
        return;
    pass->dir =
        (struct lt_dir){.name = path, .path_len = path.len, .ino = item->ino, .depth = item->depth, .brief = true};
    pass->marked = is_mark(pass, lt_str_basename(path), true);
    lt_arena_reset(&pass->scratch);
    if (fs->ops->names(fs, &pass->dir, take_name, pass, &problem) != LT_OK)
        note_unread(pass, path, &problem);
    if (pass->count > before) /* file systems list names in any order */
        qsort(pass->items + before, pass->count - before, sizeof *pass->items, by_path);
    if (!pass->marked || !pass->take(&pass->discovery, path, &done))
        return;
    note_known(pass);
    drop(pass, done);
}

static void report_unread(struct pass *pass)
{
    const struct lt_err *first = &pass->problem;
    struct lt_err all = {0};
    if (!pass->unread)
        return;
    lt_fail(&all, LT_SKIP, first->code, first->sys,
            "%ju directories cannot be searched for stores, this is the first%s%s", (uintmax_t)pass->unread,
            first->sys ? "" : ": ", first->sys ? "" : first->text);
    lt_skip_error(&pass->ctx, pass->first, &all);
}

static void report_rest(struct pass *pass)
{
    const char *what = pass->full ? "directories wait" : "names were looked at";
    uint64_t count = pass->full ? pass->count : pass->names;
    if (pass->count)
        lt_skip(&pass->ctx, path_of(&pass->items[pass->count - 1]), LT_CODE_TOO_LARGE,
                "the search for stores ends here: %ju %s. Name one with --data-root", (uintmax_t)count, what);
}

static void begin(struct pass *pass, const struct lt_discovery *discovery)
{
    pass->discovery = *discovery;
    pass->ctx = *discovery->ctx;
    pass->discovery.ctx = &pass->ctx;
    pass->ctx.scratch = &pass->scratch;
    note_known(pass);
}

static void end(struct pass *pass)
{
    for (size_t i = 0; i < pass->count; i++)
        free(pass->items[i].path);
    free(pass->items);
    lt_arena_free(&pass->kept);
    lt_arena_free(&pass->scratch);
}

void lt_search(const struct lt_discovery *discovery, struct lt_str path, uint64_t most, lt_take_place *take,
               bool report)
{
    struct pass pass = {.take = take};
    struct lt_node node;
    begin(&pass, discovery);
    if (lt_fs_stat(pass.ctx.fs, path, &pass.kept, &node, NULL) == LT_OK && S_ISDIR(node.mode))
        push(&pass, path, node.ino, 0);
    while (pass.count && !pass.full && pass.names < most) {
        struct item item = pass.items[--pass.count];
        look_at(&pass, &item);
        free(item.path);
    }
    report_rest(&pass);
    if (report)
        report_unread(&pass);
    end(&pass);
}
