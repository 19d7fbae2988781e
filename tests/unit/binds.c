// SPDX-License-Identifier: Apache-2.0
/* A bind source that changed while no container ran, with as many entries as are shown then, and one more. */
#include "files/binds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILES = 3, ENTRIES = FILES + 1 }; /* with the source itself */

struct place {
    char path[64];
    struct lt_evidence evidence;
    struct lt_arena run, scratch;
    struct lt_report report;
    struct lt_host host;
    struct lt_mount_point mounted;
    struct lt_root root;
    struct lt_container container;
    struct lt_mount mount;
    struct lt_reading reading;
    struct lt_sink sink;
    struct lt_ctx ctx;
    size_t taken;
};

static enum lt_status take(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    struct place *place = arg;
    (void)fate, (void)err;
    assert_true(event->tags & LT_TAG_BIT(bind));
    place->taken++;
    return LT_OK;
}

static void add_files(struct place *place)
{
    char name[100];
    snprintf(name, sizeof name, "%s/data", place->path);
    assert_int_equal(mkdir(name, 0755), 0);
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%s/data/%d", place->path, i);
        FILE *file = fopen(name, "w");
        assert_non_null(file);
        fclose(file);
    }
}

static void connect(struct place *place)
{
    place->root = (struct lt_root){.host = &place->host, .fs = place->evidence.fs.items[0], .path = LT_STR("/store")};
    place->mounted = (struct lt_mount_point){.fs = place->root.fs};
    place->mount = (struct lt_mount){
        .type = LT_STR("bind"), .source = LT_STR("/data"), .destination = LT_STR("/mnt"), .writable = true};
    place->host.owner.host = &place->host;
    lt_list_add(&place->host.mounts, &place->run, &place->mounted);
    lt_list_add(&place->host.roots, &place->run, &place->root);
    lt_list_add(&place->root.containers, &place->run, &place->container);
    lt_list_add(&place->container.mounts, &place->run, &place->mount);
    place->report = (struct lt_report){.evidence = "host", .quiet = true};
    place->sink = (struct lt_sink){take, place};
    place->ctx = (struct lt_ctx){.reading = &place->reading,
                                 .report = &place->report,
                                 .sink = &place->sink,
                                 .run = &place->run,
                                 .scratch = &place->scratch,
                                 .reader = "test",
                                 .host = &place->host,
                                 .fs = place->root.fs};
}

static int set_up(void **state)
{
    struct place *place = test_calloc(1, sizeof *place);
    struct lt_err err = {0};
    int64_t now = (int64_t)time(NULL);
    strcpy(place->path, "/tmp/layertime-unit-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    add_files(place);
    assert_int_equal(lt_evidence_open(&place->evidence, place->path, &(struct lt_evidence_args){0}, &err), LT_OK);
    assert_int_equal(lt_evidence_find(&place->evidence, &err), LT_OK);
    place->container = (struct lt_container){.root = &place->root,
                                             .id = LT_STR("web"),
                                             .created = lt_time_at(now - 7200, 0),
                                             .started = lt_time_at(now - 7200, 0),
                                             .finished = lt_time_at(now - 3600, 0)};
    connect(place);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[100];
    lt_evidence_close(&place->evidence);
    lt_report_free(&place->report);
    lt_arena_free(&place->run);
    lt_arena_free(&place->scratch);
    snprintf(command, sizeof command, "rm -rf %s", place->path);
    assert_int_equal(system(command), 0);
    test_free(place);
    return 0;
}

/* Walk, where a source may have `most` entries. Returns what is told of the source. */
static const struct lt_bound *walk(struct place *place, uint64_t most)
{
    struct lt_err err = {0};
    place->reading.bind_most = most;
    assert_int_equal(lt_walk_binds(&place->ctx, &(struct lt_walking){0}, &err), LT_OK);
    assert_int_equal(place->host.bound.count, 1);
    assert_true(lt_report_balanced(&place->report));
    assert_int_equal(lt_report_total(&place->report).seen, ENTRIES);
    return place->host.bound.items[0];
}

static void test_as_many(void **state)
{
    struct place *place = *state;
    const struct lt_bound *bound = walk(place, ENTRIES);
    assert_int_equal(place->taken, ENTRIES);
    assert_int_equal(bound->entries, ENTRIES);
    assert_int_equal(bound->shown, ENTRIES);
    assert_int_equal(bound->left_out, 0);
    assert_null(bound->why);
}

static void test_one_more(void **state)
{
    struct place *place = *state;
    const struct lt_bound *bound = walk(place, ENTRIES - 1);
    assert_int_equal(place->taken, 0);
    assert_int_equal(bound->entries, ENTRIES);
    assert_int_equal(bound->left_out, ENTRIES);
    assert_string_equal(bound->why, "it has more than 3 entries");
}

/* What changed while the container ran is shown in any case. */
static void test_one_more_while_it_ran(void **state)
{
    struct place *place = *state;
    place->container.finished = lt_time_at((int64_t)time(NULL) + 3600, 0);
    walk(place, 0);
    assert_int_equal(place->taken, ENTRIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_more_while_it_ran, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
