// SPDX-License-Identifier: Apache-2.0
/* What a file's times prove. The rows of the table are what the kernel leaves on ext4 and XFS: see filetimes.h. */
#include "clock/filetimes.h"

#include "store/mechanics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ANOMALY = 1, SET };

#define NONE                                                                                                           \
    {                                                                                                                  \
        0                                                                                                              \
    }
#define AT(seconds)                                                                                                    \
    {                                                                                                                  \
        .sec = (seconds), .nsec = 250000000, .set = true                                                               \
    }

static const struct lt_mechanics mechanics;
static struct lt_container container = {.created = AT(900)};
static struct lt_layer layer = {.mechanics = &mechanics};
static const struct lt_owner owner = {.container = &container, .layer = &layer, .role = LT_ROLE_RW};

static lt_tags check(struct lt_node *node, struct lt_filetimes *times, size_t *facts)
{
    struct lt_arena arena = {0};
    struct lt_event event = {.kind = LT_KIND_FILE, .node = node, .owner = &owner};
    lt_filetimes_check(&event, times, &arena);
    const struct lt_attr *attr = lt_event_attr(&event, LT_ATTR_FACTS);
    *facts = attr ? attr->items.count : 0;
    lt_arena_free(&arena);
    return event.tags;
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        uint32_t mode;
        enum lt_came came;
        struct lt_time m, a, c, b, lower_m, lower_a;
        int expected;
    } table[] = {
        /* made and written */
        {S_IFREG, LT_CAME_ANEW, AT(1000), AT(1000), AT(1000), AT(1000), NONE, NONE, 0},
        {S_IFREG, LT_CAME_ANEW, AT(1500), AT(1200), AT(1500), AT(1000), NONE, NONE, 0},
        /* by a program that keeps whole seconds, or whose clock is finer than the kernel's */
        {S_IFREG, LT_CAME_ANEW, {.sec = 1000, .set = true}, AT(1000), AT(1000), AT(1000), NONE, NONE, 0},
        {S_IFREG, LT_CAME_ANEW, AT(1001), AT(1001), AT(1000), AT(1000), NONE, NONE, 0},
        /* unpacked, copied with its times, or touched */
        {S_IFREG, LT_CAME_ANEW, AT(500), AT(1000), AT(1000), AT(1000), NONE, NONE, SET},
        {S_IFREG, LT_CAME_ANEW, AT(500), AT(500), AT(1600), AT(1000), NONE, NONE, SET},
        {S_IFLNK, LT_CAME_ANEW, AT(500), AT(1000), AT(1000), AT(1000), AT(500), NONE, SET},
        {S_IFDIR, LT_CAME_ANEW, AT(500), AT(1000), AT(1000), AT(1000), NONE, NONE, SET},
        {S_IFREG, LT_CAME_ANEW, AT(0), AT(0), AT(1000), AT(1000), NONE, NONE, SET},
        {S_IFREG, LT_CAME_ANEW, AT(-1), AT(-1), AT(1000), AT(1000), NONE, NONE, ANOMALY},
        /* set ahead */
        {S_IFREG, LT_CAME_ANEW, AT(2000), AT(2000), AT(1000), AT(1000), NONE, NONE, ANOMALY},
        {S_IFREG, LT_CAME_BY_COPY, AT(2000), AT(2000), AT(1000), AT(1000), AT(500), AT(500), ANOMALY},
        /* copied up, and no more; then changed */
        {S_IFREG, LT_CAME_BY_COPY, AT(500), AT(500), AT(1000), AT(1000), AT(500), AT(500), 0},
        {S_IFREG, LT_CAME_BY_COPY, AT(500), AT(1100), AT(1000), AT(1000), AT(500), AT(500), 0},
        {S_IFREG, LT_CAME_BY_COPY, AT(500), AT(600), AT(1000), AT(1000), AT(500), AT(1200), 0},
        {S_IFREG, LT_CAME_BY_COPY, AT(2000), AT(2000), AT(1000), AT(1000), AT(2000), AT(2000), 0},
        {S_IFREG, LT_CAME_BY_WRITE, AT(1200), AT(500), AT(1200), AT(1000), AT(500), AT(500), 0},
        {S_IFDIR, LT_CAME_BY_COPY, AT(500), AT(500), AT(1000), AT(1000), AT(500), AT(500), 0},
        {S_IFDIR, LT_CAME_BY_COPY, AT(500), AT(600), AT(1000), AT(1000), AT(500), AT(500), 0},
        /* copied up, then touched */
        {S_IFREG, LT_CAME_BY_COPY, AT(400), AT(400), AT(1000), AT(1000), AT(500), AT(500), ANOMALY},
        {S_IFREG, LT_CAME_BY_WRITE, AT(400), AT(400), AT(1600), AT(1000), AT(500), AT(500), ANOMALY},
        {S_IFREG, LT_CAME_BY_COPY, AT(500), AT(400), AT(1000), AT(1000), AT(500), AT(500), ANOMALY},
        {S_IFDIR, LT_CAME_BY_COPY, AT(400), AT(400), AT(1000), AT(1000), AT(500), AT(500), SET},
        /* not enough is known */
        {S_IFREG, LT_CAME_SOMEHOW, AT(400), AT(400), AT(1000), AT(1000), AT(500), AT(500), 0},
        {S_IFREG, LT_CAME_ANEW, NONE, NONE, AT(1000), AT(1000), NONE, NONE, 0},
        {S_IFREG, LT_CAME_ANEW, AT(400), AT(400), AT(1000), NONE, NONE, NONE, 0},
        /* an inode that is older than its container */
        {S_IFREG, LT_CAME_SOMEHOW, AT(800), AT(800), AT(1000), AT(800), NONE, NONE, ANOMALY},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_node lower = {.time = {table[i].lower_m, table[i].lower_a}};
        struct lt_node node = {.mode = table[i].mode, .time = {table[i].m, table[i].a, table[i].c, table[i].b}};
        struct lt_filetimes times = {table[i].came, table[i].lower_m.set ? &lower : NULL, .births = true};
        size_t facts;
        lt_tags tags = check(&node, &times, &facts);
        lt_tags expected = table[i].expected == ANOMALY ? LT_TAG_BIT(time_anomaly)
                           : table[i].expected == SET   ? LT_TAG_BIT(time_set)
                                                        : 0;
        if (tags != expected || facts != (expected != 0))
            fail_msg("row %zu: tags %jx %016jx, %zu facts", i, (uintmax_t)lt_set_high(tags),
                     (uintmax_t)lt_set_low(tags), facts);
    }
}

/* Births of copies prove nothing; what the other times do, holds still. */
static void test_restored(void **state)
{
    (void)state;
    struct lt_node lower = {.time = {AT(500), AT(500)}};
    struct lt_filetimes times = {.came = LT_CAME_ANEW};
    size_t facts;
    struct lt_node old = {.mode = S_IFREG, .time = {AT(400), AT(400), AT(1000), AT(1000)}}, ahead = old;
    ahead.time[LT_M].sec = 1100;
    assert_int_equal(check(&old, &times, &facts), 0);
    assert_true(check(&ahead, &times, &facts) == LT_TAG_BIT(time_anomaly));
    times = (struct lt_filetimes){.came = LT_CAME_BY_COPY, .lower = &lower};
    assert_int_equal(check(&old, &times, &facts), 0);
}

static void test_births_kept(void **state)
{
    (void)state;
    struct lt_layer prompt = {.created = AT(901)}, late = {.created = AT(5000)}, unknown = {0};
    struct lt_container first = {.created = AT(900), .rw = &prompt}, second = {.created = AT(900), .rw = &late};
    struct lt_container third = {.created = AT(900), .rw = &unknown}, fourth = {.rw = &late}, fifth = {0};
    void *items[] = {&first, &third, &fourth, &fifth, &second};
    struct lt_root root = {.containers = {items, 4, 5}};
    assert_true(lt_births_kept(&root, NULL));
    assert_true(lt_births_kept(&root, &third));
    root.containers.count = 5;
    assert_false(lt_births_kept(&root, NULL));
    assert_false(lt_births_kept(&root, &second));
    assert_false(lt_births_kept(&root, &third));
    assert_true(lt_births_kept(&root, &first));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_restored),
        cmocka_unit_test(test_births_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
