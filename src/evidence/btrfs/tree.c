// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/tree.h"

/* One pass over a range of keys. */
struct pass {
    struct lt_btrfs_volume *volume;
    const struct lt_btrfs_tree *tree;
    struct lt_btrfs_key from, to;
    lt_btrfs_each_item *each;
    void *arg;
    struct lt_err *err;
    size_t change; /* the next of tree->changes */
    bool stopped;
};

static const struct lt_btrfs_key LAST = {UINT64_MAX, UINT64_MAX, UINT8_MAX};

/* --- with changes ------------------------------------------------------------------------------------------------ */

/* Hand out what changes have before `key`. True: they have something at `key` as well, instead of the tree's. */
static bool emit_changes(struct pass *pass, struct lt_btrfs_key key)
{
    const struct lt_btrfs_changes *changes = pass->tree->changes;
    bool replaced = false;
    while (changes && !pass->stopped && pass->change < changes->count) {
        const struct lt_btrfs_change *change = &changes->items[pass->change];
        int order = lt_btrfs_key_cmp(change->item.key, key);
        if (order > 0)
            break;
        pass->change++;
        replaced |= order == 0;
        if (!change->removed)
            pass->stopped = !pass->each(pass->arg, &change->item);
    }
    return replaced;
}

static void emit(struct pass *pass, const struct lt_btrfs_item *item)
{
    if (!emit_changes(pass, item->key) && !pass->stopped)
        pass->stopped = !pass->each(pass->arg, item);
}

/* --- on the disk ------------------------------------------------------------------------------------------------- */

static bool is_between(const struct pass *pass, struct lt_btrfs_key key)
{
    return lt_btrfs_key_cmp(key, pass->from) >= 0 && lt_btrfs_key_cmp(key, pass->to) <= 0;
}

static enum lt_status fail_order(struct pass *pass, const struct lt_btrfs_node *node)
{
    return lt_fail(pass->err, LT_SKIP, LT_CODE_DAMAGED, 0,
                   "node at logical address %ju of tree %ju: its keys go beyond those of the next node",
                   (uintmax_t)node->header.at, (uintmax_t)pass->tree->number);
}

static struct lt_btrfs_key key_at(const struct lt_btrfs_node *node, uint32_t number)
{
    return node->header.level ? lt_btrfs_read_pointer(node->bytes, number).key
                              : lt_btrfs_read_item(node->bytes, number).key;
}

/* The number of the first item or pointer whose key is not below `key`. */
static uint32_t first_from(const struct lt_btrfs_node *node, struct lt_btrfs_key key)
{
    uint32_t low = 0, high = node->header.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lt_btrfs_key_cmp(key_at(node, middle), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Items of a leaf from the first that is wanted on, below `end`. */
static enum lt_status visit_leaf(struct pass *pass, const struct lt_btrfs_node *leaf, struct lt_btrfs_key end)
{
    for (uint32_t i = first_from(leaf, pass->from); i < leaf->header.count && !pass->stopped; i++) {
        struct lt_btrfs_item item = lt_btrfs_read_item(leaf->bytes, i);
        if (!is_between(pass, item.key))
            break;
        if (lt_btrfs_key_cmp(item.key, end) > 0)
            return fail_order(pass, leaf);
        emit(pass, &item);
    }
    return LT_OK;
}

static enum lt_status visit(struct pass *pass, const struct lt_btrfs_wanted *wanted, struct lt_btrfs_key end);

/* The last key that may be in the child before this pointer. */
static struct lt_btrfs_key before(struct lt_btrfs_key key)
{
    if (key.offset--)
        return key;
    if (key.type--)
        return key;
    key.objectid--;
    return key;
}

/* Children that hold keys of the range. */
static enum lt_status visit_children(struct pass *pass, const struct lt_btrfs_node *node, struct lt_btrfs_key end)
{
    enum lt_status status = LT_OK;
    uint32_t first = first_from(node, pass->from); /* the child before may hold that key, too */
    for (uint32_t i = first ? first - 1 : 0; i < node->header.count && !pass->stopped; i++) {
        struct lt_btrfs_pointer child = lt_btrfs_read_pointer(node->bytes, i);
        struct lt_btrfs_key last = end;
        if (lt_btrfs_key_cmp(child.key, end) > 0)
            return fail_order(pass, node);
        if (i + 1 < node->header.count)
            last = before(lt_btrfs_read_pointer(node->bytes, i + 1).key);
        if (lt_btrfs_key_cmp(last, end) > 0)
            last = end;
        if (lt_btrfs_key_cmp(last, pass->from) < 0)
            continue;
        if (lt_btrfs_key_cmp(child.key, pass->to) > 0)
            break;
        struct lt_btrfs_wanted wanted = {pass->tree->number, child.at, child.generation,
                                         (uint8_t)(node->header.level - 1), &child.key};
        if (visit(pass, &wanted, last) != LT_OK)
            status = LT_SKIP;
    }
    return status;
}

/* A node and all below it. Its level is that of its parent less one, so this goes at most LT_BTRFS_LEVELS deep; and as
 * keys must lie between those of the pointers, no node comes twice. */
static enum lt_status visit(struct pass *pass, const struct lt_btrfs_wanted *wanted, struct lt_btrfs_key end)
{
    struct lt_btrfs_node *node = lt_btrfs_get_node(pass->volume, wanted, pass->err);
    if (!node)
        return LT_SKIP;
    enum lt_status status = node->header.level ? visit_children(pass, node, end) : visit_leaf(pass, node, end);
    lt_btrfs_put_node(node);
    return status;
}

enum lt_status lt_btrfs_items(struct lt_btrfs_volume *volume, const struct lt_btrfs_tree *tree,
                              struct lt_btrfs_key from, struct lt_btrfs_key to, lt_btrfs_each_item *each, void *arg,
                              struct lt_err *err)
{
    struct pass pass = {volume, tree, from, to, each, arg, err, 0, false};
    struct lt_btrfs_wanted wanted = {tree->number, tree->root.at, tree->root.generation, tree->root.level, NULL};
    if (tree->changes)
        pass.change = lt_btrfs_change_at(tree->changes, from);
    enum lt_status status = tree->root.at ? visit(&pass, &wanted, LAST) : LT_OK;
    emit_changes(&pass, to);
    return status;
}

enum lt_status lt_btrfs_items_of(struct lt_btrfs_volume *volume, const struct lt_btrfs_tree *tree, uint64_t objectid,
                                 enum lt_btrfs_type type, lt_btrfs_each_item *each, void *arg, struct lt_err *err)
{
    struct lt_btrfs_key from = {objectid, 0, (uint8_t)type}, to = {objectid, UINT64_MAX, (uint8_t)type};
    return lt_btrfs_items(volume, tree, from, to, each, arg, err);
}
