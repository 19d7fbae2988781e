// SPDX-License-Identifier: Apache-2.0
#include "evidence/lister.h"
#include "evidence/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

/* A made-up tree: each directory holds `wide` directories down to a depth, and some files. */
struct tree {
    unsigned wide, deep;
    size_t large; /* files in the directory "1" at the top */
    bool slow;    /* so that more threads are wanted than there are cores */
    atomic_uint listed, refused, ahead;
};

/* What a walk met, in its order. */
struct met {
    struct lt_buf text;
    size_t seen, entries, failed, stop_after;
};

static size_t files_of(const struct tree *tree, const struct lt_dir *dir)
{
    bool large = dir->depth == 1 && lt_str_eq(dir->name, LT_STR("1"));
    return large && tree->large ? tree->large : dir->depth % 3;
}

static void add(struct lt_listing *out, struct lt_arena *arena, const char *prefix, size_t number, uint32_t mode)
{
    struct lt_node *node = lt_listing_add(out, arena, lt_str_format(arena, "%s%zu", prefix, number), number);
    node->mode = mode;
}

static enum lt_status tree_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                                struct lt_err *err)
{
    (void)fs, (void)path, (void)arena, (void)err;
    *out = (struct lt_node){.mode = S_IFDIR | 0755, .ino = 2};
    return LT_OK;
}

static enum lt_status tree_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                struct lt_listing *out, struct lt_err *err)
{
    struct tree *tree = fs->self;
    *out = (struct lt_listing){0};
    atomic_fetch_add(&tree->listed, 1);
    if (tree->slow)
        usleep(200);
    for (unsigned i = 0; dir->depth < tree->deep && i < tree->wide; i++)
        add(out, arena, "", i, S_IFDIR | 0755);
    for (size_t i = 0; i < files_of(tree, dir); i++)
        add(out, arena, "file", i, S_IFREG | 0644);
    lt_listing_sort(out);
    return dir->depth == 2 && lt_str_eq(dir->name, LT_STR("0"))
               ? lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 5, "the list breaks off")
               : LT_OK;
}

static enum lt_status tree_list_ahead(struct lt_fs *fs, const struct lt_dir *dir, size_t most, struct lt_arena *arena,
                                      struct lt_listing *out, struct lt_err *err)
{
    struct tree *tree = fs->self;
    *out = (struct lt_listing){0};
    if (files_of(tree, dir) > most) {
        atomic_fetch_add(&tree->refused, 1);
        return LT_END;
    }
    atomic_fetch_add(&tree->ahead, 1);
    return tree_list(fs, dir, arena, out, err);
}

static const struct lt_fs_ops alone = {.stat = tree_stat, .list = tree_list};
static const struct lt_fs_ops parallel = {.stat = tree_stat, .list = tree_list, .list_ahead = tree_list_ahead};

static void seen(void *arg, size_t count)
{
    ((struct met *)arg)->seen += count;
}

static enum lt_status entry(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err)
{
    struct met *met = arg;
    lt_dir_path(&met->text, dir);
    lt_buf_char(&met->text, '/');
    lt_buf_add(&met->text, node->name);
    lt_buf_char(&met->text, '\n');
    met->entries++;
    return met->entries == met->stop_after ? lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "disk full") : LT_OK;
}

static void failed(void *arg, struct lt_str path, const struct lt_err *problem, size_t count)
{
    struct met *met = arg;
    lt_buf_add(&met->text, path);
    lt_buf_printf(&met->text, ": %s\n", problem->text);
    met->failed += count + 1;
}

static enum lt_status walk(struct tree *tree, const struct lt_fs_ops *ops, struct lt_lister *lister, struct met *met)
{
    struct lt_arena run = {0};
    struct lt_fs fs = {.ops = ops, .is_tree = true, .self = tree};
    struct lt_walk args = {
        .fs = &fs, .run = &run, .lister = lister, .arg = met, .seen = seen, .entry = entry, .failed = failed};
    struct lt_dir *top = lt_new(&run, struct lt_dir);
    *top = (struct lt_dir){.name = LT_STR("/top")};
    struct lt_err err = {0};
    enum lt_status status = lt_walk(&args, top, &err);
    lt_arena_free(&run);
    return status;
}

static void check_same(struct tree tree, unsigned threads)
{
    struct met plain = {0}, met = {0};
    struct lt_lister *lister = lt_lister_new(threads);
    assert_int_equal(walk(&tree, &alone, NULL, &plain), LT_OK);
    atomic_store(&tree.listed, 0);
    for (int again = 0; again < 2; again++) {
        met.text.len = 0;
        assert_int_equal(walk(&tree, &parallel, lister, &met), LT_OK);
        assert_int_equal(met.text.len, plain.text.len);
        assert_memory_equal(met.text.ptr, plain.text.ptr, plain.text.len);
    }
    assert_int_equal(met.entries, 2 * plain.entries);
    assert_int_equal(met.failed, 2 * plain.failed);
    if (tree.slow && threads > 2)
        assert_true(atomic_load(&tree.ahead) > 0);
    lt_lister_free(lister);
    lt_buf_free(&plain.text);
    lt_buf_free(&met.text);
}

static void test_order_does_not_depend_on_threads(void **state)
{
    (void)state;
    static const unsigned threads[] = {1, 2, 3, 8, LT_MAX_THREADS};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        check_same((struct tree){.wide = 4, .deep = 5}, threads[i]);
        check_same((struct tree){.wide = 3, .deep = 4, .slow = true}, threads[i]);
        check_same((struct tree){.wide = 1, .deep = 300}, threads[i]);
        check_same((struct tree){.wide = 3000, .deep = 1}, threads[i]);
        check_same((struct tree){.wide = 40, .deep = 2, .slow = true}, threads[i]);
    }
}

/* A very large directory is not listed ahead of its turn. */
static void test_large_directory(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 8; threads *= 2)
        check_same((struct tree){.wide = 8, .deep = 2, .large = 20000, .slow = true}, threads);
}

/* The consumer has enough: nothing more is listed than was begun, and the lister can be used again. */
static void test_early_end(void **state)
{
    (void)state;
    struct lt_lister *lister = lt_lister_new(8);
    for (size_t stop = 1; stop < 400; stop += 37) {
        struct tree tree = {.wide = 6, .deep = 4, .slow = true};
        struct met met = {.stop_after = stop};
        assert_int_equal(walk(&tree, &parallel, lister, &met), LT_FATAL);
        assert_int_equal(met.entries, stop);
        unsigned listed = atomic_load(&tree.listed);
        usleep(1000);
        assert_int_equal(atomic_load(&tree.listed), listed);
        lt_buf_free(&met.text);
    }
    lt_lister_free(lister);
}

/* What is ahead at a time is bounded. */
static void test_bound(void **state)
{
    (void)state;
    struct tree tree = {.wide = 2000, .deep = 1, .slow = true};
    struct met met = {.stop_after = 2010};
    struct lt_lister *lister = lt_lister_new(8);
    assert_int_equal(walk(&tree, &parallel, lister, &met), LT_FATAL);
    assert_in_range(atomic_load(&tree.listed), 1, 100);
    lt_lister_free(lister);
    lt_buf_free(&met.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_does_not_depend_on_threads),
        cmocka_unit_test(test_large_directory),
        cmocka_unit_test(test_early_end),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
