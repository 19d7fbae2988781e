// SPDX-License-Identifier: Apache-2.0
/* The search for stores, and the view of several file systems as one, on directories of our own. */
#include "read/search.h"
#include "evidence/mounted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* A host in a directory, and a runtime that knows its stores by a directory `mark`. */
struct place {
    char path[64];
    struct lt_evidence evidence;
    struct lt_arena run, scratch;
    struct lt_inventory inventory;
    struct lt_report report;
    struct lt_ctx ctx;
    struct lt_runtime runtime;
    const struct lt_runtime *runtimes[2];
};

static const struct lt_mark marks[] = {{.name = "mark"}, {0}};

static void shell(const struct place *place, const char *script)
{
    char command[2000];
    snprintf(command, sizeof command, "cd %s && { %s; }", place->path, script);
    assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
    struct place *place = test_calloc(1, sizeof *place);
    struct lt_err err = {0};
    strcpy(place->path, "/tmp/layertime-unit-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    assert_int_equal(lt_evidence_open(&place->evidence, place->path, &(struct lt_evidence_args){0}, &err), LT_OK);
    assert_int_equal(lt_evidence_find(&place->evidence, &err), LT_OK);
    place->inventory.arena = &place->run;
    place->report.quiet = true;
    place->runtime.marks = marks;
    place->runtimes[0] = &place->runtime;
    place->ctx = (struct lt_ctx){
        .inventory = &place->inventory,
        .report = &place->report,
        .run = &place->run,
        .scratch = &place->scratch,
        .reader = "test",
        .host = lt_inventory_host(&place->inventory),
        .fs = lt_mounted_new(&place->run, place->evidence.fs.items[0], LT_STR("")),
    };
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    lt_evidence_close(&place->evidence);
    lt_report_free(&place->report);
    lt_arena_free(&place->run);
    lt_arena_free(&place->scratch);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", place->path);
    assert_int_equal(system(command), 0);
    test_free(place);
    return 0;
}

/* What the search offers is kept in `looked`; the first directory named "done" ends the search of what is around it. */
static bool take(struct lt_discovery *discovery, struct lt_str path, struct lt_str *done)
{
    lt_buf_add(discovery->looked, path);
    lt_buf_char(discovery->looked, ' ');
    if (lt_str_ends(path, LT_STR("/done")))
        *done = lt_str_dirname(path);
    return lt_str_ends(path, LT_STR("/store")) || lt_str_ends(path, LT_STR("/done"));
}

static void check_search(struct place *place, uint64_t most, const char *offered)
{
    struct lt_buf looked = {0};
    struct lt_discovery discovery = {.ctx = &place->ctx, .runtimes = place->runtimes, .looked = &looked};
    lt_search(&discovery, LT_STR(""), most, take, true);
    if (!lt_str_eq(lt_buf_view(&looked), lt_str_c(offered)))
        fail_msg("offered: %.*s", LT_ARG(lt_buf_view(&looked)));
    lt_buf_free(&looked);
}

static void test_offers(void **state)
{
    struct place *place = *state;
    shell(place, "mkdir -p a/store/mark a/store/inner/mark b/mark; touch c; ln -s a d; mkdir e; touch e/mark");
    check_search(place, LT_MOST_NAMES, "/a/store /b ");
    assert_int_equal(place->report.failures, 0);
}

static void test_ends(void **state)
{
    struct place *place = *state;
    shell(place, "mkdir -p x/a/mark x/done/mark x/z/mark y/mark");
    check_search(place, LT_MOST_NAMES, "/x/a /x/done /y ");
}

static void test_bound(void **state)
{
    struct place *place = *state;
    shell(place, "for i in 1 2 3 4 5 6 7 8 9; do mkdir -p $i/mark; done");
    check_search(place, 9, "");
    assert_int_equal(place->report.failures, 1);
    check_search(place, 10, "/1 ");
    assert_int_equal(place->report.failures, 2);
    check_search(place, 19, "/1 /2 /3 /4 /5 /6 /7 /8 /9 ");
    assert_int_equal(place->report.failures, 2);
}

static void check_part(struct place *place, const char *path, const char *inner)
{
    struct lt_str found;
    lt_mounted_part(place->ctx.fs, lt_str_c(path), &place->scratch, &found);
    assert_true(lt_str_eq(found, lt_str_c(inner)));
}

/* A directory is seen at another path too, a later mount hides an earlier one, and what is mounted counts as an entry.
 */
static void test_mounts(void **state)
{
    struct place *place = *state;
    struct lt_fs *fs = place->ctx.fs, *part = place->evidence.fs.items[0];
    struct lt_listing listing;
    struct lt_node node;
    shell(place, "mkdir -p data/docker/mark other/x at/below; echo 1 > data/file");
    lt_mounted_add(fs, LT_STR("/at"), part, LT_STR("/data"), LT_MOUNTED_FS);
    check_part(place, "/at/docker/mark", "/data/docker/mark");
    check_part(place, "/atom", "/atom");
    lt_mounted_add(fs, LT_STR("/at/docker"), part, LT_STR("/other"), LT_MOUNTED_LINK);
    check_part(place, "/at/docker/x", "/other/x");
    check_part(place, "/at/file", "/data/file");
    assert_int_equal(lt_fs_list(fs, LT_STR("/at"), &place->scratch, &listing, NULL), LT_OK);
    assert_int_equal(listing.count, 2);
    assert_true(lt_str_eq(listing.nodes[0].name, LT_STR("docker")) && !listing.nodes[0].mount_root);
    assert_int_equal(lt_fs_stat(fs, LT_STR("/at"), &place->scratch, &node, NULL), LT_OK);
    assert_true(node.mount_root && lt_is_mounted_at(fs, LT_STR("/at")) && !lt_is_mounted_at(fs, LT_STR("/at/docker")));
    assert_int_equal(lt_fs_stat(fs, LT_STR("/at/docker/mark"), &place->scratch, &node, NULL), LT_END);
    lt_mounted_add(fs, LT_STR("/new/one"), part, LT_STR("/other"), LT_MOUNTED_FS);
    check_part(place, "/new/one/x", "/other/x");
    lt_mounted_add(fs, LT_STR("/at"), part, LT_STR("/other"), LT_MOUNTED_FS);
    check_part(place, "/at/docker/x", "/other/docker/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_offers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mounts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
