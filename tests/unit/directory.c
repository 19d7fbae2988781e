// SPDX-License-Identifier: Apache-2.0
#include "evidence/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

/* A directory of our own as evidence. */
struct place {
    char path[64];
    struct lt_arena arena;
    struct lt_evidence evidence;
    struct lt_fs *fs;
    struct lt_dir top;
};

static const char *in(const struct place *place, const char *name)
{
    static char path[4][160];
    static unsigned next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof *path, "%s/%s", place->path, name);
    return out;
}

static int set_up(void **state)
{
    struct place *place = test_calloc(1, sizeof *place);
    struct lt_err err = {0};
    struct stat status;
    strcpy(place->path, "/tmp/layertime-unit-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    assert_int_equal(lt_evidence_open(&place->evidence, place->path, &(struct lt_evidence_args){0}, &err), LT_OK);
    assert_int_equal(lt_evidence_find(&place->evidence, &err), LT_OK);
    assert_int_equal(stat(place->path, &status), 0);
    place->fs = place->evidence.fs.items[0];
    place->top = (struct lt_dir){.name = LT_STR(""), .ino = status.st_ino};
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[100];
    lt_evidence_close(&place->evidence);
    lt_arena_free(&place->arena);
    snprintf(command, sizeof command, "rm -rf %s", place->path);
    assert_int_equal(system(command), 0);
    test_free(place);
    return 0;
}

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

/* The lt_dir of a directory below `parent`, by its present inode. */
static struct lt_dir child(const struct place *place, const struct lt_dir *parent, const char *name, const char *path)
{
    struct stat status;
    assert_int_equal(lstat(in(place, path), &status), 0);
    return (struct lt_dir){.parent = parent,
                           .name = lt_str_c(name),
                           .ino = status.st_ino,
                           .depth = parent->depth + 1,
                           .path_len = parent->path_len + 1 + strlen(name)};
}

static struct lt_list xattrs(struct place *place, const char *name, struct lt_err *err)
{
    struct lt_list list;
    struct lt_node node = {.name = lt_str_c(name)};
    place->fs->ops->xattrs(place->fs, &place->top, &node, &place->arena, &list, err);
    return list;
}

static void check_xattr(const struct lt_list *list, size_t at, const char *name, struct lt_str value)
{
    assert_true(at < list->count);
    const struct lt_xattr *xattr = list->items[at];
    assert_string_equal(xattr->name.ptr, name);
    assert_int_equal(xattr->value.len, value.len);
    assert_memory_equal(xattr->value.ptr, value.ptr, value.len);
}

static void need_user_xattrs(const struct place *place)
{
    if (setxattr(place->path, "user.top", "of the top", 10, 0) < 0 && (errno == EOPNOTSUPP || errno == ENOTSUP))
        skip();
}

static void test_xattrs_are_whole_and_sorted(void **state)
{
    struct place *place = *state;
    struct lt_err err = {0};
    char big[3000];
    memset(big, 'x', sizeof big);
    need_user_xattrs(place);
    make_file(in(place, "file"));
    assert_int_equal(setxattr(in(place, "file"), "user.zulu", "a\0b", 3, 0), 0);
    assert_int_equal(setxattr(in(place, "file"), "user.alpha", "", 0, 0), 0);
    assert_int_equal(setxattr(in(place, "file"), "user.mike", big, sizeof big, 0), 0);
    struct lt_list list = xattrs(place, "file", &err);
    assert_false(err.set);
    assert_int_equal(list.count, 3);
    check_xattr(&list, 0, "user.alpha", LT_STR(""));
    check_xattr(&list, 1, "user.mike", (struct lt_str){big, sizeof big});
    check_xattr(&list, 2, "user.zulu", LT_STR("a\0b"));
    list = xattrs(place, "", &err);
    assert_int_equal(list.count, 1);
    check_xattr(&list, 0, "user.top", LT_STR("of the top"));
}

/* Links are not followed, FIFOs and devices not opened. */
static void test_xattrs_of_special_files(void **state)
{
    struct place *place = *state;
    struct lt_err err = {0};
    need_user_xattrs(place);
    assert_int_equal(symlink(place->path, in(place, "link")), 0);
    assert_int_equal(mkfifo(in(place, "fifo"), 0600), 0);
    assert_int_equal(xattrs(place, "link", &err).count, 0);
    assert_int_equal(xattrs(place, "fifo", &err).count, 0);
    assert_false(err.set);
    if (lsetxattr(in(place, "link"), "trusted.of-the-link", "1", 1, 0) < 0)
        skip(); /* needs root */
    assert_int_equal(lsetxattr(in(place, "fifo"), "trusted.of-the-fifo", "2", 1, 0), 0);
    struct lt_list list = xattrs(place, "link", &err);
    check_xattr(&list, 0, "trusted.of-the-link", LT_STR("1"));
    list = xattrs(place, "fifo", &err);
    check_xattr(&list, 0, "trusted.of-the-fifo", LT_STR("2"));
    assert_false(err.set);
}

static void test_xattrs_that_cannot_be_read(void **state)
{
    struct place *place = *state;
    struct lt_err err = {0};
    assert_int_equal(xattrs(place, "nothing", &err).count, 0);
    assert_true(err.set && err.status == LT_SKIP && err.sys == ENOENT);
}

static enum lt_status list(struct place *place, const struct lt_dir *dir, struct lt_listing *out, struct lt_err *err)
{
    lt_err_clear(err);
    return place->fs->ops->list(place->fs, dir, &place->arena, out, err);
}

/* A directory that was moved on a live host is listed all the same; another one at its place is not taken for it. */
static void test_moved_and_replaced_directories(void **state)
{
    struct place *place = *state;
    struct lt_listing listing;
    struct lt_err err;
    assert_int_equal(mkdir(in(place, "a"), 0700), 0);
    assert_int_equal(mkdir(in(place, "a/b"), 0700), 0);
    make_file(in(place, "a/b/file"));
    const struct lt_dir a = child(place, &place->top, "a", "a"), b = child(place, &a, "b", "a/b");
    assert_int_equal(list(place, &a, &listing, &err), LT_OK);
    assert_int_equal(listing.count, 1);
    assert_int_equal(rename(in(place, "a"), in(place, "moved")), 0);
    assert_int_equal(mkdir(in(place, "a"), 0700), 0);
    assert_int_equal(list(place, &b, &listing, &err), LT_OK);
    assert_int_equal(listing.count, 1);
    assert_int_equal(list(place, &a, &listing, &err), LT_SKIP);
    assert_int_equal(err.sys, ESTALE);
    assert_int_equal(listing.count, 0);
    assert_int_equal(rename(in(place, "moved/b"), in(place, "b")), 0);
    assert_int_equal(symlink("../b", in(place, "moved/b")), 0);
    assert_int_equal(list(place, &b, &listing, &err), LT_SKIP); /* through no link */
}

/* More directories than are kept open, from the deepest up and back, as no walk goes. */
static void test_directories_in_any_order(void **state)
{
    struct place *place = *state;
    enum { DEEP = 400 };
    static struct lt_dir dirs[DEEP];
    struct lt_listing listing;
    struct lt_err err;
    struct stat status;
    int at = open(place->path, O_PATH | O_CLOEXEC);
    for (size_t i = 0; i < DEEP; i++) {
        assert_int_equal(mkdirat(at, "a-name-of-20-letters", 0700), 0);
        int below = openat(at, "a-name-of-20-letters", O_PATH | O_CLOEXEC);
        assert_int_equal(fstat(below, &status), 0);
        const struct lt_dir *parent = i ? &dirs[i - 1] : &place->top;
        dirs[i] = (struct lt_dir){.parent = parent,
                                  .name = LT_STR("a-name-of-20-letters"),
                                  .path_len = parent->path_len + 21,
                                  .ino = status.st_ino};
        close(at);
        at = below;
    }
    close(at);
    for (size_t i = 0; i < 2 * DEEP; i++) {
        size_t which = i < DEEP ? DEEP - 1 - i : i - DEEP;
        lt_arena_reset(&place->arena);
        assert_int_equal(list(place, &dirs[which], &listing, &err), LT_OK);
        assert_int_equal(listing.count, which < DEEP - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_xattrs_are_whole_and_sorted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_xattrs_of_special_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_xattrs_that_cannot_be_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_moved_and_replaced_directories, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_directories_in_any_order, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
