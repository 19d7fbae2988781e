// SPDX-License-Identifier: Apache-2.0
/* What can be told of a change by the metadata alone. The rules of `docker diff` are those of moby
 * pkg/archive/changes_unix.go statDifferent and changes.go sameFsTime. */
#include "overlay/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

static const struct lt_time early = {.sec = 1741064767, .nsec = 250000000, .set = true};
static const struct lt_time late = {.sec = 1795455984, .nsec = 433907930, .set = true};

/* An entry of the rw layer, and the same entry below. */
struct pair {
    struct lt_node node;
    struct lt_hidden lower;
};

static struct pair copied_up(uint32_t type)
{
    struct lt_lower lower = {.node = {.ino = 436, .size = 10, .mode = type | 0755, .uid = 33, .gid = 34}};
    lower.node.time[LT_M] = early;
    struct pair pair = {.node = lower.node, .lower = lt_hidden_of(&lower)};
    pair.node.ino = 2140;
    return pair;
}

static bool differs(const struct pair *pair)
{
    return lt_runtime_differs(&pair->node, &pair->lower);
}

static const uint32_t types[] = {S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK};

/* Neither the inode nor ctime counts: a copy has its own. */
static void test_copy_is_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct pair pair = copied_up(types[i]);
        assert_false(differs(&pair));
    }
}

/* Of every type, each alone is a difference. */
static void test_metadata(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct pair pair = copied_up(types[i]), sound = pair;
        pair.node.mode ^= S_ISUID;
        assert_true(differs(&pair));
        pair = sound;
        pair.node.mode = (types[i] == S_IFREG ? S_IFIFO : S_IFREG) | 0755;
        assert_true(differs(&pair));
        pair = sound;
        pair.node.uid = 0;
        assert_true(differs(&pair));
        pair = sound;
        pair.node.gid = 0;
        assert_true(differs(&pair));
        pair = sound;
        pair.node.major = 8;
        assert_true(differs(&pair));
        pair = sound;
        pair.node.minor = 1;
        assert_true(differs(&pair));
        pair = sound;
        pair.lower.capability = true;
        assert_true(differs(&pair));
    }
}

/* Of directories, neither counts. */
static void test_time_and_size(void **state)
{
    (void)state;
    static const uint32_t others[] = {S_IFREG, S_IFLNK, S_IFCHR, S_IFIFO};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct pair pair = copied_up(others[i]), sound = pair;
        pair.node.time[LT_M] = late;
        assert_true(differs(&pair));
        pair = sound;
        pair.node.size++;
        assert_true(differs(&pair));
    }
    struct pair dir = copied_up(S_IFDIR);
    dir.node.time[LT_M] = late;
    dir.node.size = 4096;
    assert_false(differs(&dir));
}

static bool times_differ(struct lt_time upper, struct lt_time lower)
{
    struct pair pair = copied_up(S_IFREG);
    pair.node.time[LT_M] = upper;
    pair.lower.modified = lower;
    return differs(&pair);
}

/* A time without a fraction, on either side, equals any in its second, and none outside. */
static void test_fractions(void **state)
{
    (void)state;
    struct lt_time whole = {.sec = early.sec, .set = true}, next = {.sec = early.sec + 1, .set = true};
    struct lt_time nearly = {.sec = early.sec, .nsec = early.nsec + 1, .set = true};
    struct lt_time last = {.sec = early.sec, .nsec = 999999999, .set = true};
    assert_false(times_differ(whole, early));
    assert_false(times_differ(early, whole));
    assert_false(times_differ(last, whole));
    assert_true(times_differ(nearly, early));
    assert_true(times_differ(early, next));
    assert_true(times_differ(next, last));
    assert_true(times_differ((struct lt_time){0}, (struct lt_time){.set = true}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_is_same),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_time_and_size),
        cmocka_unit_test(test_fractions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
