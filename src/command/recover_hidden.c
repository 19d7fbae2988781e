// SPDX-License-Identifier: Apache-2.0
/* Files that a container deleted or replaced while a layer below its own still has them: whole, as nothing writes
 * there. What it did, and when, is what the walk of its rw layer says of the same events in the timeline. */
#include "command/recover.h"
#include "files/walked.h"
#include "overlay/lower_stack.h"

enum { DEEPEST = 1024 };

/* One thing that an rw layer hides, and all that is below. */
struct hiding {
    enum lt_change change;
    struct lt_time when, first, last; /* it happened; between these, if one is set */
};

/* The search of one rw layer. */
struct search {
    struct lt_recovery *recovery;
    const struct lt_layer *layer;
    struct lt_lower_reader reader;
    struct lt_arena arena;
    struct lt_map moved;   /* lower directories that were renamed: their files are still to be seen */
    struct lt_map visited; /* lower directories that were searched: hostile ones may hold each other */
    struct hiding hiding;  /* of what is searched now */
};

/* A lower directory that is hidden as a whole. */
struct below {
    const struct lt_lower_stack *stack;
    struct lt_str inside;
    unsigned depth;
};

/* The contents, opened when they are read. One file at a time is open. */
struct contents {
    struct lt_fs *fs;
    const struct lt_dir *dir;
    const struct lt_node *node;
    enum lt_change change;
    struct opened *opened; /* shared by all finds of a host */
};

struct opened {
    const struct contents *of; /* NULL: none is open */
    struct lt_file file;
};

/* --- finds --- */

static struct lt_str path_of(struct lt_arena *arena, const struct lt_dir *dir, const struct lt_node *node)
{
    struct lt_buf path = {0};
    lt_event_path(&path, &(struct lt_event){.dir = dir, .node = node});
    struct lt_str copy = lt_str_dup(arena, lt_buf_view(&path));
    lt_buf_free(&path);
    return copy;
}

static void add_file(struct search *search, const struct lt_lower *lower, struct lt_str inside)
{
    const struct lt_root *root = lower->layer->root;
    struct lt_node node = lower->node;
    node.deleted = search->hiding.when;
    struct lt_remains remains = {
        .evidence = root->part->evidence,
        .node = &node,
        .path = path_of(&search->arena, lower->dir, &lower->node),
        .whose = {.owner = &search->layer->owner, .inside = inside},
        .label = lt_str_format(&search->arena, "inode-%ju", (uintmax_t)node.ino),
        .layer = lower->layer,
        .first = search->hiding.first,
        .last = search->hiding.last,
        .complete = true,
    };
    struct lt_remains *kept = lt_recovery_add(search->recovery, &remains);
    if (!kept)
        return;
    struct contents *contents = lt_new(&search->recovery->arena, struct contents);
    *contents = (struct contents){root->fs, lower->dir, kept->node, search->hiding.change, search->recovery->state};
    kept->handle = contents;
}

static struct lt_str lower_key(struct lt_arena *arena, const struct lt_layer *layer, uint64_t ino)
{
    struct {
        const struct lt_layer *layer;
        uint64_t ino;
    } key = {layer, ino};
    return lt_str_dup(arena, (struct lt_str){(const char *)&key, sizeof key});
}

/* Is it the first time that the search comes to the directory? */
static bool visit(struct search *search, const struct lt_lower *lower)
{
    struct lt_str key = lower_key(&search->arena, lower->layer, lower->node.ino);
    if (lt_map_get(&search->visited, key))
        return false;
    lt_map_put(&search->visited, &search->arena, key, search);
    return true;
}

static void push(struct search *search, struct lt_list *todo, const struct below *in, const struct lt_lower *lower,
                 struct lt_str inside)
{
    const struct lt_lower_stack *stack =
        in->depth < DEEPEST && visit(search, lower) ? lt_lower_enter(&search->reader, in->stack, lower) : NULL;
    if (!stack)
        return;
    struct below *below = lt_new(&search->arena, struct below);
    *below = (struct below){stack, inside, in->depth + 1};
    lt_list_add(todo, &search->arena, below);
}

/* Add the entry `name` of the lower directory if it is a file; go down later if it is a directory. */
static void add_entry(struct search *search, struct lt_list *todo, const struct below *in, struct lt_str name)
{
    struct lt_lower lower = {0};
    if (!lt_lower_find(&search->reader, in->stack, name, &lower))
        return;
    struct lt_str inside = lt_path_join(&search->arena, in->inside, name);
    if (S_ISREG(lower.node.mode))
        add_file(search, &lower, inside);
    else if (S_ISDIR(lower.node.mode))
        push(search, todo, in, &lower, inside);
}

/* Add the entry `name` of `stack`, which the container saw at `inside`, and all files below it. */
static enum lt_status add_all(struct search *search, const struct lt_lower_stack *stack, struct lt_str inside,
                              struct lt_err *err)
{
    struct lt_list todo = {0};
    struct below top = {stack, lt_str_dirname(inside), 0};
    enum lt_status status = LT_OK;
    search->visited = (struct lt_map){0};
    add_entry(search, &todo, &top, lt_str_basename(inside));
    while (todo.count && status == LT_OK) {
        const struct below *below = todo.items[--todo.count];
        struct lt_list names = {0};
        lt_lower_names(&search->reader, below->stack, &search->arena, &names);
        lt_each (const struct lt_str, name, &names)
            add_entry(search, &todo, below, *name);
        status = lt_job_poll(search->recovery->job, err);
    }
    return status;
}

/* --- what the container did --- */

/* The lower directory that held what was removed. Unless a whiteout shows the removal, that is the one of the witness.
 */
static const struct lt_lower_stack *lower_of_removal(struct search *search, const struct lt_event *event)
{
    const struct lt_lower_stack *stack = event->dir->lower;
    struct lt_lower lower = {0};
    if (!stack || event->tags & LT_TAG_BIT(whiteout) || !event->node->name.len)
        return stack;
    return lt_lower_find(&search->reader, stack, event->node->name, &lower)
               ? lt_lower_enter(&search->reader, stack, &lower)
               : NULL;
}

static enum lt_status take_removal(struct search *search, const struct lt_event *event, struct lt_err *err)
{
    const struct lt_lower_stack *stack = event->hides ? lower_of_removal(search, event) : NULL;
    search->hiding = (struct hiding){event->change, event->time[0], event->first, event->last};
    if (!stack || lt_map_get(&search->moved, lower_key(&search->arena, event->hides->layer, event->hides->ino)))
        return LT_OK;
    return add_all(search, stack, event->inside, err);
}

/* Contents that are below an entry with others. They went after its birth, as it was copied up or made then, and no
 * later than its last change. */
static enum lt_status take_change(struct search *search, const struct lt_event *event, struct lt_err *err)
{
    const struct lt_time *time = event->node->time;
    struct lt_time witness = event->change == LT_CHANGE_REPLACED   ? time[LT_B]
                             : event->change == LT_CHANGE_MODIFIED ? time[LT_M]
                                                                   : time[LT_C];
    struct lt_lower lower = {0};
    struct lt_buf path = {0};
    if (!event->dir->lower || !lt_lower_find(&search->reader, event->dir->lower, event->node->name, &lower))
        return LT_OK;
    bool both = S_ISDIR(event->node->mode) && S_ISDIR(lower.node.mode);
    if (both && event->change != LT_CHANGE_RENAMED) /* they are merged */
        return LT_OK;
    search->hiding =
        (struct hiding){event->change, lt_likeliest(time[LT_B], time[LT_C], witness), time[LT_B], time[LT_C]};
    lt_event_inside(&path, event);
    struct lt_str inside = lt_str_dup(&search->arena, lt_buf_view(&path));
    lt_buf_free(&path);
    return add_all(search, event->dir->lower, inside, err);
}

static enum lt_status take(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    struct search *search = arg;
    *fate = LT_FILTERED;
    if (event->node->unallocated || event->kind == LT_KIND_COPIED_UP)
        return LT_OK;
    if (event->kind == LT_KIND_DELETED)
        return take_removal(search, event, err);
    bool moved = event->change == LT_CHANGE_RENAMED;
    if (moved && S_ISDIR(event->node->mode) && event->hides)
        lt_map_put(&search->moved, &search->arena, lower_key(&search->arena, event->hides->layer, event->hides->ino),
                   search);
    if (moved || event->change == LT_CHANGE_REPLACED || event->change == LT_CHANGE_MODIFIED)
        return take_change(search, event, err);
    return LT_OK;
}

/* --- the search --- */

static enum lt_status search_layer(struct lt_recovery *recovery, const struct lt_layer *layer, struct lt_err *err)
{
    struct lt_job *job = recovery->job;
    struct search search = {.recovery = recovery, .layer = layer, .reader = {.ctx = &job->ctx}};
    job->product = (struct lt_sink){take, &search};
    enum lt_status status = lt_walk_layer(&job->ctx, &(struct lt_walking){0}, layer, err);
    job->product = (struct lt_sink){0};
    lt_lower_end(&search.reader);
    lt_arena_free(&search.arena);
    return status;
}

static void end_search(void *arg)
{
    struct opened *opened = arg;
    if (opened->of)
        lt_file_close(&opened->file);
}

static enum lt_status search_host(struct lt_recovery *recovery, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    recovery->state = lt_new(&recovery->arena, struct opened);
    lt_recovery_defer(recovery, end_search, recovery->state);
    lt_each (struct lt_root, root, &recovery->host->roots) {
        lt_job_enter(recovery->job, root, "recover");
        lt_report_blind(&recovery->job->ctx);
        lt_each (const struct lt_layer, layer, &root->layers)
            if (status == LT_OK && layer->role == LT_ROLE_RW && layer->content.len)
                status = search_layer(recovery, layer, err);
    }
    return status;
}

/* --- one find --- */

static ssize_t read_contents(const struct lt_remains *remains, void *buffer, size_t size, uint64_t offset,
                             struct lt_err *err)
{
    const struct contents *contents = remains->handle;
    struct opened *opened = contents->opened;
    if (opened->of != contents) {
        if (opened->of)
            lt_file_close(&opened->file);
        opened->of = contents;
        opened->file = (struct lt_file){0};
        if (lt_file_open_entry(contents->fs, contents->dir, contents->node, &opened->file, err) != LT_OK) {
            lt_file_close(&opened->file);
            opened->of = NULL;
            return -1;
        }
    }
    return lt_file_read(&opened->file, buffer, size, offset, err);
}

static struct lt_str where(const struct lt_remains *remains, struct lt_arena *arena)
{
    return lt_str_format(arena, "in layer %.*s", LT_ARG(lt_layer_name(remains->layer)));
}

static void describe(const struct lt_remains *remains, struct lt_record *record)
{
    const struct contents *contents = remains->handle;
    lt_record_int(record, "inode", (int64_t)contents->node->ino);
    lt_record_text(record, "change", lt_str_c(lt_change_names[contents->change]));
}

const struct lt_recover_method lt_recover_method_hidden = {
    .name = "hidden",
    .of_layers = true,
    .search = search_host,
    .read = read_contents,
    .where = where,
    .describe = describe,
};
