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
    static const char *const files[] = {"in/a/b/c", "in/plain", "in/link", "in/dangling", "in/through"};
    static const char *const dirs[] = {"in/a/b", "in/a", "in", "beside"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        rmdir(dirs[i]);
    return rmdir(base); /* fails if anything else was made */
}

static void test_creates(void **state)
{
    struct stat status;
    (void)state;
    int fd = lt_tree_create(dir, "a/b/c");
    assert_true(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
    assert_int_equal(stat("in/a/b/c", &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0600);
    assert_int_equal(stat("in/a", &status), 0);
    assert_int_equal(status.st_mode, S_IFDIR | 0700);
    fd = lt_tree_create(dir, "plain");
    assert_true(fd >= 0 && close(fd) == 0);
}

static void refuse(const char *path, int sys)
{
    assert_int_equal(lt_tree_create(dir, path), -1);
    assert_int_equal(errno, sys);
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
    assert_int_equal(lt_tree_create(dir, "link/made"), -1);
    assert_int_equal(lt_tree_create(dir, "plain/made"), -1);
    assert_int_equal(access("beside/made", F_OK), -1);
}

static void test_helper(void **state)
{
    struct lt_helper helper;
    const struct lt_helper_args args = {.has_tree = true, .tree = dir}, without = {0};
    char longest[2 * LT_TREE_PATH];
    (void)state;
    assert_true(lt_helper_start(&helper, &args));
    int fd = lt_helper_create(&helper, "through");
    assert_true(fd >= 0 && close(fd) == 0 && access("in/through", F_OK) == 0);
    assert_int_equal(lt_helper_create(&helper, "../beside/made"), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(lt_helper_create(&helper, "through"), -1);
    assert_int_equal(errno, EEXIST);
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    assert_int_equal(lt_helper_create(&helper, longest), -1);
    lt_helper_end(&helper);
    assert_true(lt_helper_start(&helper, &without));
    assert_int_equal(lt_helper_create(&helper, "more"), -1);
    assert_int_equal(errno, EINVAL);
    lt_helper_end(&helper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_creates),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_follows_nothing),
        cmocka_unit_test(test_helper),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
