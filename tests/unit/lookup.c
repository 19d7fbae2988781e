// SPDX-License-Identifier: Apache-2.0
#include "overlay/lookup.h"
#include "store/mechanics.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

enum { RW, MID, BASE, LAYERS };

/* Two containers over the layers in a directory of our own: one has all of them, one only the base. */
struct place {
    char path[64];
    struct lt_evidence evidence;
    struct lt_arena run;
    struct lt_root root;
    struct lt_layer layers[LAYERS];
    struct lt_container all, plain;
    struct lt_ctx ctx; /* without a report: lookups write none */
    struct lt_lower_reader reader;
};

static void shell(const struct place *place, const char *script)
{
    char command[2500];
    snprintf(command, sizeof command, "cd %s && { %s; }", place->path, script);
    assert_int_equal(system(command), 0);
}

static const char tree[] =
    "mkdir -p base/etc base/usr/share/zoneinfo base/opaque/deep base/gone rw/usr/share/zoneinfo mid/opaque\n"
    "for file in usr/share/zoneinfo/Rome opaque/lower opaque/deep/lower gone/file; do echo $file > base/$file; done\n"
    "echo > mid/opaque/upper\n"
    "cd base\n"
    "ln -s ../usr/share/zoneinfo/Rome etc/relative\n"
    "ln -s /usr/share/zoneinfo/Rome etc/absolute\n"
    "ln -s ../../../../etc/relative etc/above\n"
    "ln -s usr/share share\n"
    "ln -s /loop-2 loop-1; ln -s loop-1 loop-2\n"
    "ln -s /opaque/lower to-hidden; ln -s opaque/upper to-shown; ln -s gone/file to-gone; ln -s gone gone-link\n"
    "ln -s $(printf %300s | tr ' ' x) long\n"
    "ln -s etc/absolute 39; for i in $(seq 38 -1 0); do ln -s $((i + 1)) $i; done\n"
    "ln -s Rome ../rw/usr/share/zoneinfo/Paris";

static int set_up(void **state)
{
    static const char *const names[] = {"/rw", "/mid", "/base"};
    struct place *place = test_calloc(1, sizeof *place);
    struct lt_err err = {0};
    strcpy(place->path, "/tmp/layertime-unit-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    shell(place, tree);
    assert_int_equal(lt_evidence_open(&place->evidence, place->path, &(struct lt_evidence_args){0}, &err), LT_OK);
    assert_int_equal(lt_evidence_find(&place->evidence, &err), LT_OK);
    place->root.fs = place->evidence.fs.items[0];
    for (size_t i = 0; i < LAYERS; i++)
        place->layers[i] = (struct lt_layer){.root = &place->root,
                                             .mechanics = &lt_mechanics_aufs,
                                             .content = lt_str_c(names[i]),
                                             .role = i == RW ? LT_ROLE_RW : LT_ROLE_IMAGE};
    place->layers[RW].container = &place->all;
    place->all.rw = &place->layers[RW];
    lt_list_add(&place->all.layers, &place->run, &place->layers[MID]);
    lt_list_add(&place->all.layers, &place->run, &place->layers[BASE]);
    lt_list_add(&place->plain.layers, &place->run, &place->layers[BASE]);
    place->ctx = (struct lt_ctx){.run = &place->run, .fs = place->root.fs, .root = &place->root};
    place->reader.ctx = &place->ctx;
    *state = place;
    return 0;
}

static int set_up_aufs(void **state)
{
    set_up(state);
    shell(*state, "touch rw/.wh.gone mid/opaque/.wh..wh..opq");
    return 0;
}

/* False, and the marks are not made, where that is not allowed. */
static bool make_overlay(struct place *place)
{
    char gone[80], opaque[80];
    snprintf(gone, sizeof gone, "%s/rw/gone", place->path);
    snprintf(opaque, sizeof opaque, "%s/mid/opaque", place->path);
    for (size_t i = 0; i < LAYERS; i++)
        place->layers[i].mechanics = &lt_mechanics_overlay;
    return mknod(gone, S_IFCHR, makedev(0, 0)) == 0 && setxattr(opaque, "trusted.overlay.opaque", "y", 1, 0) == 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[100];
    lt_lower_end(&place->reader);
    lt_evidence_close(&place->evidence);
    lt_arena_free(&place->run);
    snprintf(command, sizeof command, "rm -rf %s", place->path);
    assert_int_equal(system(command), 0);
    test_free(place);
    return 0;
}

static void check_str(struct lt_str str, const char *expected)
{
    assert_int_equal(str.len, strlen(expected));
    if (str.len)
        assert_memory_equal(str.ptr, expected, str.len);
}

static struct lt_view see(struct place *place, const struct lt_container *container, const char *path)
{
    struct lt_view view;
    struct lt_err err = {0};
    assert_int_equal(lt_lower_lookup(&place->reader, container, lt_str_c(path), &view, &err), LT_OK);
    assert_false(err.set);
    return view;
}

static void check_none(struct place *place, const struct lt_container *container, const char *path)
{
    struct lt_view view;
    struct lt_err err = {0};
    assert_int_equal(lt_lower_lookup(&place->reader, container, lt_str_c(path), &view, &err), LT_END);
    assert_false(err.set);
    assert_int_equal(view.node.mode, 0);
}

static void check_code(struct place *place, const char *path, const char *code)
{
    struct lt_view view;
    struct lt_err err = {0};
    assert_int_equal(lt_lower_lookup(&place->reader, &place->all, lt_str_c(path), &view, &err), LT_SKIP);
    assert_string_equal(err.code, code);
    assert_int_equal(view.node.mode, 0);
}

static void test_links(void **state)
{
    static const struct {
        const char *path, *target;
    } cases[] = {
        {"/etc/relative", "../usr/share/zoneinfo/Rome"},
        {"/etc/absolute", "/usr/share/zoneinfo/Rome"},
        {"/etc/above", "../../../../etc/relative"},
        {"/share/zoneinfo/Rome", ""},
        {"/share/zoneinfo/Paris", "Rome"}, /* a link in a higher layer than its target */
        {"etc//./../../usr/share/../share/zoneinfo/Rome", ""},
    };
    struct place *place = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lt_view view = see(place, &place->all, cases[i].path);
        assert_true(S_ISREG(view.node.mode));
        assert_ptr_equal(view.layer, &place->layers[BASE]);
        check_str(view.path, "/base/usr/share/zoneinfo/Rome");
        check_str(view.inside, "/usr/share/zoneinfo/Rome");
        check_str(view.node.name, "Rome");
        check_str(view.target, cases[i].target);
    }
    check_str(see(place, &place->all, "/1").inside, "/usr/share/zoneinfo/Rome"); /* 40 links in a row */
    check_code(place, "/0", LT_CODE_CYCLE);
    check_code(place, "/loop-1", LT_CODE_CYCLE);
    check_code(place, "/loop-1/more", LT_CODE_CYCLE);
    check_code(place, "/long", LT_CODE_UNREADABLE);
}

static void test_directories(void **state)
{
    struct place *place = *state;
    struct lt_view view = see(place, &place->all, "/../..");
    assert_true(S_ISDIR(view.node.mode));
    check_str(view.path, "/rw");
    check_str(view.inside, "");
    view = see(place, &place->all, "share/");
    assert_true(S_ISDIR(view.node.mode));
    check_str(view.path, "/rw/usr/share");
    check_str(view.inside, "/usr/share");
    check_none(place, &place->all, "/usr/share/zoneinfo/Rome/more");
    check_none(place, &place->all, "/usr/share/zoneinfo/Rome/..");
    check_none(place, &place->all, "/usr/nothing/../share");
    check_none(place, &(struct lt_container){0}, "/");
}

/* What higher layers hide from the one container and not from the other. */
static void check_hidden(struct place *place)
{
    static const char *const hidden[] = {"/to-hidden", "/opaque/lower",   "/opaque/deep/lower", "/to-gone",
                                         "/gone/file", "/gone-link/file", "/gone/../etc",       "/gone"};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        check_none(place, &place->all, hidden[i]);
        assert_ptr_equal(see(place, &place->plain, hidden[i]).layer, &place->layers[BASE]);
    }
    check_str(see(place, &place->all, "/to-shown").path, "/mid/opaque/upper");
    check_none(place, &place->plain, "/to-shown");
}

static void test_hidden(void **state)
{
    check_hidden(*state);
}

/* By the kernel's marks. Directories have the addresses of others before them, in the other container: what was open of
 * those must not be taken for them. */
static void test_hidden_by_overlay(void **state)
{
    struct place *place = *state;
    if (!make_overlay(place))
        skip();
    if (place->root.fs->no_trusted)
        skip();
    for (size_t i = 0; i < 3; i++)
        check_hidden(place);
}

/* However many lookups there are, nothing stays in the arena of the run. */
static void test_memory(void **state)
{
    struct place *place = *state;
    size_t run = place->run.bytes, views = 0;
    for (size_t i = 0; i < 1000; i++) {
        see(place, &place->all, "/etc/above");
        see(place, &place->plain, "/etc/above");
        if (i == 1)
            views = place->reader.views.bytes;
    }
    assert_int_equal(place->run.bytes, run);
    assert_int_equal(place->reader.views.bytes, views);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_links, set_up_aufs, tear_down),
        cmocka_unit_test_setup_teardown(test_directories, set_up_aufs, tear_down),
        cmocka_unit_test_setup_teardown(test_hidden, set_up_aufs, tear_down),
        cmocka_unit_test_setup_teardown(test_hidden_by_overlay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory, set_up_aufs, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
