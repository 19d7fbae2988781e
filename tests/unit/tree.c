// SPDX-License-Identifier: Apache-2.0
/* Files below a directory, under names that hostile evidence chose: directly, and through the helper. */
#include "contain/tree.h"

#include "base/str.h"
#include "contain/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A directory with something beside it that must stay as it is. */
static char base[] = "/tmp/layertime-tree-XXXXXX";
static int dir = -1;

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(base) || chdir(base) < 0 || mkdir("in", 0700) < 0 || mkdir("beside", 0700) < 0)
        return -1;
    dir = open("in", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir < 0 || symlink("../beside", "in/link") < 0 || symlink("../beside/made", "in/dangling") < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"in/a/b/c", "in/plain", "in/link", "in/dangling", "in/through", "in/again"};
    static const char *const dirs[] = {"in/a/b", "in/a", "in", "beside"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        rmdir(dirs[i]);
    return rmdir(base); /* fails if anything else was made */
}

/* Make a file in the two steps. Returns what the second one does. */
static int make(const char *path)
{
    int fd = lt_tree_begin(dir);
    assert_true(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
    return lt_tree_give_name(dir, path);
}

static void test_creates(void **state)
{
    struct stat status;
    char byte = 0;
    (void)state;
    assert_int_equal(make("a/b/c"), 0);
    assert_int_equal(stat("in/a/b/c", &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0600);
    assert_int_equal(stat("in/a", &status), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0700);
    assert_int_equal(access("in/" LT_TREE_UNFINISHED, F_OK), -1);
    assert_int_equal(make("plain"), 0);
    int fd = lt_tree_open(dir, "a/b/c");
    assert_true(fd >= 0 && read(fd, &byte, 1) == 1 && byte == 'x' && close(fd) == 0);
    assert_int_equal(lt_tree_open(dir, "a/b/none"), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(access("in/a/none", F_OK), -1);
}

/* What an earlier run left unfinished does not get into the next file. */
static void test_unfinished(void **state)
{
    struct stat status;
    (void)state;
    int fd = lt_tree_begin(dir);
    assert_true(fd >= 0 && write(fd, "much more", 9) == 9 && close(fd) == 0);
    assert_int_equal(make("again"), 0);
    assert_true(stat("in/again", &status) == 0 && status.st_size == 1);
    fd = lt_tree_begin(dir);
    assert_true(fd >= 0 && close(fd) == 0);
    lt_tree_end(dir);
    assert_int_equal(access("in/" LT_TREE_UNFINISHED, F_OK), -1);
}

static void refuse(const char *path, int sys)
{
    assert_int_equal(make(path), -1);
    assert_int_equal(errno, sys);
    lt_tree_end(dir);
}

static void test_refuses(void **state)
{
    static const char *const bad[] = {"",       "/",     "/etc/x", "..", "../beside/made", "a/../../beside/made",
                                      ".",      "a/./x", "a//x",   "a/", "x/..",           "./x",
                                      "../in/x"};
    char longest[LT_TREE_PATH + 2], deepest[2 * LT_TREE_DEPTH + 2];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i], EINVAL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(lt_tree_open(dir, bad[i]), -1);
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    refuse(longest, EINVAL);
    longest[300] = 0; /* one component that is too long */
    refuse(longest, EINVAL);
    for (size_t i = 0; i <= LT_TREE_DEPTH; i++)
        memcpy(deepest + 2 * i, "d/", 2);
    deepest[2 * LT_TREE_DEPTH + 1] = 0;
    refuse(deepest, EINVAL);
}

/* What exists is neither opened nor followed. */
static void test_follows_nothing(void **state)
{
    (void)state;
    refuse("plain", EEXIST);
    refuse("a/b", EEXIST);
    refuse("dangling", EEXIST);
    assert_int_equal(make("link/made"), -1);
    assert_int_equal(make("plain/made"), -1);
    lt_tree_end(dir);
    assert_int_equal(lt_tree_open(dir, "dangling"), -1);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(lt_tree_open(dir, "a/b"), -1);
    assert_int_equal(errno, EISDIR);
    assert_int_equal(access("beside/made", F_OK), -1);
}

static void test_helper(void **state)
{
    struct lt_helper helper;
    const struct lt_helper_args args = {.has_tree = true, .tree = dir}, without = {0};
    char longest[2 * LT_TREE_PATH];
    (void)state;
    assert_true(lt_helper_start(&helper, &args));
    int fd = lt_helper_begin_file(&helper);
    assert_true(fd >= 0 && close(fd) == 0);
    assert_int_equal(lt_helper_name_file(&helper, "../beside/made"), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(lt_helper_name_file(&helper, "through"), 0);
    fd = lt_helper_open_file(&helper, "through");
    assert_true(fd >= 0 && close(fd) == 0);
    fd = lt_helper_begin_file(&helper);
    assert_true(fd >= 0 && close(fd) == 0);
    assert_int_equal(lt_helper_name_file(&helper, "through"), -1);
    assert_int_equal(errno, EEXIST);
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    assert_int_equal(lt_helper_name_file(&helper, longest), -1);
    assert_int_equal(lt_helper_open_file(&helper, longest), -1);
    lt_helper_end(&helper);
    assert_int_equal(access("in/" LT_TREE_UNFINISHED, F_OK), -1);
    assert_true(lt_helper_start(&helper, &without));
    assert_int_equal(lt_helper_begin_file(&helper), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(lt_helper_open_file(&helper, "through"), -1);
    assert_int_equal(errno, EINVAL);
    lt_helper_end(&helper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_creates),         cmocka_unit_test(test_unfinished), cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_follows_nothing), cmocka_unit_test(test_helper),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
