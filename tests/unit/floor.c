// SPDX-License-Identifier: Apache-2.0
/* What is too early for the host's clock. What is right follows from the order in which things happen: see floor.h. */
#include "clock/floor.h"

#include "store/mechanics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { DAY = 86400, YEAR = 365 * DAY, NOW = 1772323200 }; /* 2026-03-01 */

#define AT(seconds)                                                                                                    \
    {                                                                                                                  \
        .sec = (seconds), .nsec = 5, .set = true                                                                       \
    }

static struct lt_time at(int64_t seconds)
{
    return (struct lt_time)AT(seconds);
}

/* A container of one image, on one layer. */
static struct lt_image image;
static struct lt_layer top, rw;
static struct lt_container container;
static void *layers[] = {&top};

static int begin(void **state)
{
    (void)state;
    image = (struct lt_image){.created = AT(NOW - YEAR), .arrived = AT(NOW), .config = LT_STR("/blobs/sha256/abcd")};
    top = (struct lt_layer){.created = AT(NOW)};
    rw = (struct lt_layer){.created = AT(NOW + DAY)};
    container = (struct lt_container){
        .created = AT(NOW + DAY), .image = &image, .layers = {layers, 1, 1}, .rw = &rw, .started = AT(NOW + DAY + 1)};
    return 0;
}

static int64_t floor_of(bool created, struct lt_time newest)
{
    return lt_floor_of_container(&container, created, newest).time.sec;
}

static void test_image(void **state)
{
    (void)state;
    assert_int_equal(floor_of(false, at(NOW + YEAR)), NOW - YEAR - DAY);
    image.arrived =
        at(NOW - YEAR - DAY); /* the builder's clock may have been ahead; then three years before it are less */
    image.created = at(NOW);
    assert_int_equal(floor_of(false, at(NOW + YEAR)), NOW - YEAR);
    image.created = at(NOW + 9 * (int64_t)YEAR); /* made up */
    assert_int_equal(floor_of(false, at(NOW + YEAR)), NOW + DAY - 3 * YEAR);
}

static void test_creation(void **state)
{
    (void)state;
    assert_int_equal(floor_of(true, at(NOW + YEAR)), NOW);
    container.image = NULL;
    assert_int_equal(floor_of(false, at(NOW + YEAR)), NOW + DAY - 3 * YEAR);
    container.created.set = false;
    assert_int_equal(floor_of(true, at(NOW + YEAR)), lt_time_first_containers().sec);
}

/* A name in containerd may mean another image by now. */
static void test_image_by_name(void **state)
{
    (void)state;
    struct lt_identifier digest = {"image_reference", LT_STR("sha256:abcd")};
    void *identifiers[] = {&digest};
    container.namespace = LT_STR("k8s.io");
    assert_int_equal(floor_of(false, at(NOW + YEAR)), NOW + DAY - 3 * YEAR);
    container.identifiers = (struct lt_list){identifiers, 1, 1};
    assert_int_equal(floor_of(false, at(NOW + YEAR)), NOW - YEAR - DAY);
    digest.value = LT_STR("sha256:ef01");
    assert_int_equal(floor_of(false, at(NOW + YEAR)), NOW + DAY - 3 * YEAR);
}

/* No layer is born after one that lies on it. */
static void test_layer(void **state)
{
    (void)state;
    container.created = rw.created = at(NOW - YEAR / 2);
    assert_int_equal(floor_of(false, at(NOW + YEAR)), NOW - DAY);
    rw.created = at(NOW + DAY); /* a copy: births prove nothing */
    assert_int_equal(floor_of(false, at(NOW + YEAR)), NOW - YEAR - DAY);
}

static bool breaks(enum lt_kind kind, const struct lt_owner *owner, const struct lt_node *node, int64_t when)
{
    const struct lt_event event = {.kind = kind, .owner = owner, .node = node};
    struct lt_floor floor;
    return lt_floor_breaks(&event, at(when), at(NOW + YEAR), &floor);
}

static void test_events(void **state)
{
    (void)state;
    struct lt_owner owner = {.container = &container, .image = &image, .role = LT_ROLE_LOG};
    assert_true(breaks(LT_KIND_DOCKER_LOG_LINE, &owner, NULL, NOW - 2 * YEAR));
    assert_false(breaks(LT_KIND_CLOCK_STEP, &owner, NULL, NOW - 2 * YEAR));
    assert_false(breaks(LT_KIND_DOCKER_LOG_LINE, &owner, NULL, NOW - YEAR));
    owner.role = LT_ROLE_CONFIG; /* what is not of its life may be of its pod */
    assert_false(breaks(LT_KIND_STATE_SET, &owner, NULL, NOW - 2 * YEAR));
    assert_true(breaks(LT_KIND_STATE_SET, &owner, NULL, 14));
    container.started = at(NOW - 2 * YEAR);
    assert_true(breaks(LT_KIND_STATE_SET, &owner, NULL, NOW - 2 * YEAR));
    owner = (struct lt_owner){.container = &container, .image = &image, .role = LT_ROLE_VOLUME};
    assert_false(breaks(LT_KIND_VOLUME_CREATED, &owner, NULL, NOW - 2 * YEAR));
    assert_true(breaks(LT_KIND_VOLUME_CREATED, &owner, NULL, 14));
    owner = (struct lt_owner){.image = &image, .role = LT_ROLE_IMAGE};
    assert_false(breaks(LT_KIND_IMAGE_REGISTERED, &owner, NULL, NOW));
    image.arrived = at(NOW - 3 * YEAR);
    assert_true(breaks(LT_KIND_IMAGE_REGISTERED, &owner, NULL, NOW - 3 * YEAR));
}

static void test_files(void **state)
{
    (void)state;
    static const struct lt_mechanics overlay, whole = {.whole_rw = true};
    struct lt_owner owner = {.container = &container, .layer = &rw, .role = LT_ROLE_RW};
    struct lt_node node = {.mode = S_IFREG, .time = {AT(14), AT(NOW), AT(NOW + DAY), AT(NOW + DAY)}};
    rw.mechanics = &overlay;
    assert_false(breaks(LT_KIND_FILE, &owner, &node, 14)); /* any process sets an mtime */
    node.time[LT_C] = at(14);
    assert_true(breaks(LT_KIND_FILE, &owner, &node, 14));
    assert_false(breaks(LT_KIND_FILE, &owner, &node, NOW));
    node.time[LT_B] = at(13); /* born before its container: it may have been moved in */
    assert_false(breaks(LT_KIND_FILE, &owner, &node, 14));
    container.created = at(12);
    assert_true(breaks(LT_KIND_FILE, &owner, &node, 14));
    node.time[LT_C] = node.time[LT_B] = at(NOW - 2 * YEAR);
    assert_true(breaks(LT_KIND_FILE, &owner, &node, NOW - 2 * YEAR));
    rw.mechanics = &whole; /* the inodes are those of the image */
    assert_false(breaks(LT_KIND_FILE, &owner, &node, NOW - 2 * YEAR));
    owner = (struct lt_owner){.role = LT_ROLE_VOLUME}; /* an old file of the host, moved here in its directory */
    node.time[LT_C] = node.time[LT_B] = at(NOW - 20 * YEAR);
    assert_false(breaks(LT_KIND_FILE, &owner, &node, NOW - 20 * YEAR));
    node.time[LT_C] = node.time[LT_B] = at(14);
    assert_true(breaks(LT_KIND_FILE, &owner, &node, 14));
    node.time[LT_C] = node.time[LT_B] = lt_time_at(0, 0); /* a file system that was made so */
    assert_false(breaks(LT_KIND_FILE, &owner, &node, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_image, begin),         cmocka_unit_test_setup(test_creation, begin),
        cmocka_unit_test_setup(test_image_by_name, begin), cmocka_unit_test_setup(test_layer, begin),
        cmocka_unit_test_setup(test_events, begin),        cmocka_unit_test_setup(test_files, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
