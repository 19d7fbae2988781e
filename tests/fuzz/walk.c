// SPDX-License-Identifier: Apache-2.0
/* The walk over a tree that lies: directories in themselves, in several parents, names that no kernel makes, entries
 * and whole directories that cannot be read. It must end, and each entry that was seen must be told or reported.
 *
 * Input: two bytes for the walk, then entries: parent, inode, kind, name (length and bytes). Inode numbers are bytes,
 * so there are at most 256 directories; the top is inode 0. */
#include "evidence/walk.h"

#include "fuzz.h"

#include <string.h>

enum { MOST_NAME = 40, INODES = 256 };

/* What a directory entry is, by its `kind` modulo KINDS. */
enum { DIRECTORY, REGULAR, LINK, DIRECTORY_TOO, MOUNT_ROOT, UNREADABLE, DAMAGED, BROKEN_LIST, KINDS };

struct tree {
    const uint8_t *ptr;
    size_t len;
    uint8_t how;
    uint64_t seen, entries, failed, problems;
    uint64_t stop_after; /* the consumer has enough after so many entries */
    bool entered[INODES];
};

static const struct lt_err broken = {true, LT_SKIP, 5, LT_CODE_UNREADABLE, "broken"};

static void describe(struct lt_node *node, unsigned kind)
{
    static const uint32_t modes[KINDS] = {S_IFDIR | 0755, S_IFREG | 0644, S_IFLNK | 0777,
                                          S_IFDIR | 0700, S_IFDIR | 0700, 0,
                                          S_IFDIR | 0700, S_IFDIR | 0700};
    node->mode = modes[kind];
    node->mount_root = kind == MOUNT_ROOT;
    node->error = kind == UNREADABLE || kind == DAMAGED ? &broken : NULL;
}

static enum lt_status tree_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                                struct lt_err *err)
{
    const struct tree *tree = fs->self;
    (void)path, (void)arena;
    *out = (struct lt_node){.mode = S_IFDIR | 0755};
    switch (tree->how & 7) {
    case 1:
        out->mode = S_IFREG | 0644;
        return LT_OK;
    case 2:
        out->mode = 0;
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 5, "top is unreadable");
    case 3:
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "something of the top is damaged");
    case 4:
        return LT_END;
    default:
        return LT_OK;
    }
}

static enum lt_status tree_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                struct lt_listing *out, struct lt_err *err)
{
    struct tree *tree = fs->self;
    struct input input = {tree->ptr, tree->len};
    bool breaks_off = false;
    PROMISE(dir->ino < INODES && !tree->entered[dir->ino]);
    tree->entered[dir->ino] = true;
    *out = (struct lt_listing){0};
    while (input.len) {
        uint8_t parent = take_byte(&input), ino = take_byte(&input), kind = take_byte(&input) % KINDS;
        struct lt_str name = take_text(&input, MOST_NAME);
        if (parent != dir->ino)
            continue;
        describe(lt_listing_add(out, arena, name, ino), kind);
        breaks_off |= kind == BROKEN_LIST;
    }
    lt_listing_sort(out);
    return breaks_off ? lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 5, "the list breaks off") : LT_OK;
}

static const struct lt_fs_ops tree_ops = {.stat = tree_stat, .list = tree_list};

static void count_seen(void *arg, size_t count)
{
    struct tree *tree = arg;
    tree->seen += count;
}

/* Nothing in a path may lead out of the directory that it is said to be in. */
static void check_path(struct lt_str path)
{
    PROMISE(path.len && path.ptr[0] == '/');
    struct lt_str rest = lt_str_skip(path, 1);
    while (rest.len) {
        struct lt_str name = lt_str_cut(&rest, '/');
        PROMISE(name.len && !lt_str_eq(name, LT_STR(".")) && !lt_str_eq(name, LT_STR("..")));
    }
    PROMISE(!lt_str_ends(path, LT_STR("/")) && !memchr(path.ptr, 0, path.len));
}

static enum lt_status check_entry(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err)
{
    struct tree *tree = arg;
    struct lt_buf path = {0};
    lt_dir_path(&path, dir);
    PROMISE(path.len == dir->path_len);
    check_path(lt_buf_view(&path));
    lt_buf_free(&path);
    PROMISE(dir->depth <= LT_MAX_DEPTH);
    if (tree->entries++ == 0)
        PROMISE(dir->depth == 0 && !node->name.len); /* the top comes first */
    else
        PROMISE(node->name.len); /* an entry without a name would pass for its directory */
    PROMISE(!node->name.len ||
            (!memchr(node->name.ptr, '/', node->name.len) && !memchr(node->name.ptr, 0, node->name.len)));
    if (tree->entries > tree->stop_after)
        return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "disk full");
    return LT_OK;
}

static void check_enter(void *arg, const struct lt_dir *parent, struct lt_dir *child)
{
    (void)arg;
    PROMISE(child->depth == parent->depth + 1);
    PROMISE(child->parent == parent && child->name.len && child->path_len == parent->path_len + 1 + child->name.len);
    PROMISE(child->has_inside == parent->has_inside);
}

static void count_failed(void *arg, struct lt_str path, const struct lt_err *problem, size_t count)
{
    struct tree *tree = arg;
    PROMISE(problem->set && problem->code && path.len);
    PROMISE(count <= 1);
    tree->failed += count;
    tree->problems++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct tree tree = {.how = take_byte(&input)};
    uint8_t stop = take_byte(&input);
    tree.stop_after = stop ? stop : UINT64_MAX;
    tree.ptr = input.ptr;
    tree.len = input.len;
    struct lt_arena run = {0};
    struct lt_fs fs = {.ops = &tree_ops, .self = &tree};
    struct lt_walk walk = {.fs = &fs,
                           .run = &run,
                           .arg = &tree,
                           .seen = count_seen,
                           .entry = check_entry,
                           .enter = tree.how & 8 ? check_enter : NULL,
                           .failed = count_failed};
    struct lt_dir *top = lt_new(&run, struct lt_dir);
    *top = (struct lt_dir){.name = LT_STR("/top"), .placed = true, .has_inside = tree.how & 16};
    struct lt_err err = {0};
    enum lt_status status = lt_walk(&walk, top, &err);
    if (tree.entries > tree.stop_after) {
        PROMISE(status == LT_FATAL && err.set && tree.entries == tree.stop_after + 1);
    } else {
        PROMISE(status == LT_OK || (status == LT_END && (tree.how & 7) == 4));
        PROMISE(tree.seen == tree.entries + tree.failed);
        PROMISE(tree.seen || tree.problems || status == LT_END);
    }
    lt_arena_free(&run);
    return 0;
}
