// SPDX-License-Identifier: Apache-2.0
/* Which layer hides what: see lt_hide(). */
#include "overlay/lower_stack.h"

#include <stdio.h>

/* Entries of a layer are identified by the inode of their directory and their name: "<inode>/<name>". */
static struct lt_str hidden_key(struct lt_arena *arena, uint64_t ino, struct lt_str name)
{
    return lt_path_join(arena, lt_str_format(arena, "%jx", (uintmax_t)ino), name);
}

static void add_hider(struct lt_arena *arena, const struct lt_lower_part *part, struct lt_str name,
                      const struct lt_layer *by)
{
    struct lt_str key = hidden_key(arena, part->dir->ino, name);
    struct lt_list *list = lt_map_get(&part->layer->hidden, key);
    if (!list) {
        list = lt_new(arena, struct lt_list);
        lt_map_put(&part->layer->hidden, arena, key, list);
    }
    if (!lt_list_has(list, by))
        lt_list_add(list, arena, by);
}

void lt_hide(struct lt_lower_reader *reader, const struct lt_lower_stack *stack, const struct lt_lower *lower,
             const struct lt_layer *by)
{
    struct lt_arena *run = reader->ctx->run;
    struct lt_str name = lower->node.name;
    const struct lt_lower_stack *merged = lt_lower_enter(reader, stack, lower);
    for (size_t at = 0; at < (merged ? merged->count : 1); at++) {
        size_t part = lower->at;
        while (merged && stack->dirs[part].layer != merged->dirs[at].layer)
            part++;
        add_hider(run, &stack->dirs[part], name, by);
    }
}

const struct lt_list *lt_hidden_by(const struct lt_layer *layer, const struct lt_dir *dir, struct lt_str name,
                                   struct lt_arena *arena)
{
    enum { SCRATCH = 512 };
    char key[SCRATCH];
    int head = layer->hidden.count ? snprintf(key, sizeof key, "%jx/", (uintmax_t)dir->ino) : 0;
    if (!head || name.len > sizeof key - (size_t)head)
        return dir->hidden_by;
    memcpy(key + head, name.ptr, name.len);
    const struct lt_list *own = lt_map_get(&layer->hidden, (struct lt_str){key, (size_t)head + name.len});
    if (!own || !dir->hidden_by)
        return own ? own : dir->hidden_by;
    struct lt_list *both = lt_new(arena, struct lt_list);
    lt_each (const struct lt_layer, by, dir->hidden_by)
        lt_list_add(both, arena, by);
    lt_each (const struct lt_layer, by, own)
        if (!lt_list_has(both, by))
            lt_list_add(both, arena, by);
    return both;
}
