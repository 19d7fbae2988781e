// SPDX-License-Identifier: Apache-2.0
/* Image layers beside the tar that they were unpacked from. GNU tar, gzip, zstd and sha256sum make the tars, and GNU
 * tar unpacks them; where containerd does it in another way, its pkg/archive/tar.go (2.3) says how. */
#include "base/packing.h"
#include "base/sha256.h"
#include "files/walked.h"
#include "overlay/layer_record.h"
#include "overlay/tamper.h"
#include "store/mechanics.h"

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

/* A store with one layer, whose tree is /fs and whose tar is in /blobs. */
struct place {
    char path[64];
    struct lt_evidence evidence;
    struct lt_arena run, scratch;
    struct lt_reading reading;
    struct lt_report report;
    struct lt_inventory inventory;
    struct lt_sink sink;
    struct lt_host host;
    struct lt_root root;
    struct lt_layer layer;
    struct lt_blob blob;
    struct lt_ctx ctx;
    struct lt_buf found; /* a line for each entry that differs: path and facts */
};

static void shell(const struct place *place, const char *script)
{
    char command[3000];
    snprintf(command, sizeof command, "cd %s && { set -e; %s; }", place->path, script);
    assert_int_equal(system(command), 0);
}

/* The first line that the script prints, in the run arena. */
static struct lt_str output_of(struct place *place, const char *script)
{
    char command[3000], line[200] = "";
    snprintf(command, sizeof command, "cd %s && { %s; }", place->path, script);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    assert_int_equal(pclose(pipe), 0);
    return lt_str_dup(&place->run, lt_str_trim(lt_str_c(line)));
}

static enum lt_status take(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    struct place *place = arg;
    lt_tags tags =
        LT_TAG_BIT(layer_planted) | LT_TAG_BIT(layer_changed) | LT_TAG_BIT(layer_touched) | LT_TAG_BIT(layer_missing);
    const struct lt_attr *facts = lt_event_attr(event, LT_ATTR_FACTS);
    (void)fate, (void)err;
    if (!(event->tags & tags))
        return LT_OK;
    if (event->dir) {
        lt_dir_inside(&place->found, event->dir);
        lt_buf_printf(&place->found, "/%.*s", LT_ARG(event->node->name));
    }
    assert_non_null(facts);
    lt_each (struct lt_str, fact, &facts->items)
        lt_buf_printf(&place->found, "; %.*s", LT_ARG(*fact));
    lt_buf_char(&place->found, '\n');
    return LT_OK;
}

static int set_up(void **state)
{
    struct place *place = test_calloc(1, sizeof *place);
    struct lt_err err = {0};
    strcpy(place->path, "/tmp/layertime-unit-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    shell(place, "mkdir in blobs fs");
    assert_int_equal(lt_evidence_open(&place->evidence, place->path, &(struct lt_evidence_args){0}, &err), LT_OK);
    assert_int_equal(lt_evidence_find(&place->evidence, &err), LT_OK);
    place->reading = (struct lt_reading){.threads = 2, .verify_layers = true};
    place->report = (struct lt_report){.evidence = place->path, .quiet = true};
    place->inventory.arena = &place->run;
    place->sink = (struct lt_sink){.take = take, .arg = place};
    place->host.evidence = &place->evidence;
    place->root = (struct lt_root){.host = &place->host, .fs = place->evidence.fs.items[0]};
    place->layer = (struct lt_layer){
        .root = &place->root, .mechanics = &lt_mechanics_overlay, .content = LT_STR("/fs"), .role = LT_ROLE_IMAGE};
    place->layer.owner =
        (struct lt_owner){.host = &place->host, .root = &place->root, .layer = &place->layer, .role = LT_ROLE_IMAGE};
    lt_list_add(&place->root.layers, &place->run, &place->layer);
    place->ctx = (struct lt_ctx){.reading = &place->reading,
                                 .inventory = &place->inventory,
                                 .report = &place->report,
                                 .sink = &place->sink,
                                 .run = &place->run,
                                 .scratch = &place->scratch,
                                 .reader = "unit",
                                 .host = &place->host,
                                 .fs = place->root.fs,
                                 .root = &place->root};
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
    lt_buf_free(&place->found);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", place->path);
    assert_int_equal(system(command), 0);
    test_free(place);
    return 0;
}

/* layer.tar becomes a blob under its name, packed by `pack`; it is what the layer was unpacked from. */
static void store(struct place *place, const char *pack)
{
    char script[200];
    snprintf(script, sizeof script, "%s layer.tar >packed; mv packed blobs/$(sha256sum packed | cut -c1-64)", pack);
    shell(place, "rm -f blobs/*");
    shell(place, script);
    struct lt_str name = output_of(place, "ls blobs");
    place->blob.path = lt_path_join(&place->run, LT_STR("/blobs"), name);
    place->blob.digest = lt_str_format(&place->run, "sha256:%.*s", LT_ARG(name));
    place->layer.blob = &place->blob;
    place->layer.diff_id = output_of(place, "echo sha256:$(sha256sum layer.tar | cut -c1-64)");
}

/* What of the layer differs from its tar. Error items are counted in report.failures. */
static const char *check(struct place *place)
{
    struct lt_err err = {0};
    struct lt_walking walking = {.tamper = lt_tamper_new(&place->ctx)};
    place->found.len = 0;
    place->report.failures = 0;
    assert_int_equal(lt_walk_layers(&place->ctx, &walking, &err), LT_OK);
    lt_tamper_free(walking.tamper);
    lt_buf_char(&place->found, 0);
    return place->found.ptr;
}

static const char files[] = "cd in; mkdir -p usr/bin etc deep/$(printf %90s | tr ' ' a)/$(printf %90s | tr ' ' b)\n"
                            "echo one >usr/bin/one; ln usr/bin/one usr/bin/two; ln -s one usr/bin/three\n"
                            "head -c 200000 /dev/urandom >etc/large; truncate -s 1M etc/hole; echo end >>etc/hole\n"
                            "mkfifo etc/pipe; : >etc/empty; chmod 4711 etc/large; (cd deep/*/*; echo >leaf)\n"
                            "touch -d @1000000000.123456789 usr etc/empty; touch -d @-5 etc/large\n"
                            "cd ..; tar -C in --format=posix --sort=name -cf layer.tar .; tar -C fs -xpf layer.tar\n"
                            "touch -d @0 fs/etc/large"; /* times before 1970 become 1970 */

static void test_untouched(void **state)
{
    static const char *const packs[] = {"cat", "gzip -c", "zstd -qc"};
    struct place *place = *state;
    shell(place, files);
    for (size_t i = 0; i < 2 + (lt_packing_version(&lt_zstd) != NULL); i++)
        for (unsigned threads = 1; threads <= 2; threads++) {
            place->reading.threads = threads;
            store(place, packs[i]);
            assert_string_equal(check(place), "");
            assert_int_equal(place->report.failures, 0);
        }
}

static void test_changes(void **state)
{
    struct place *place = *state;
    shell(place, files);
    store(place, "gzip -c");
    shell(
        place,
        "echo new >fs/usr/new; touch -d @7 fs/usr/new; touch -d @1000000000.123456789 fs/usr\n"
        "touch -r fs/etc/empty stamp; echo two >two; cat two >fs/usr/bin/one; touch -r in/usr/bin/one fs/usr/bin/one\n"
        "chmod 600 fs/etc/hole; touch -d @9 fs/etc/empty; rm fs/etc/pipe; touch -r in/etc fs/etc");
    const char *found = check(place);
    assert_non_null(strstr(found, "/usr/new; not in the layer's tar\n"));
    assert_non_null(strstr(found, "/usr/bin/one; contents with CRC-64 "));
    assert_non_null(strstr(found, "/usr/bin/two; contents with CRC-64 "));
    assert_non_null(strstr(found, "/etc/hole; mode 0600, in the layer's tar 0644\n"));
    assert_non_null(strstr(found, "/etc/empty; modified 1970-01-01T00:00:09Z"));
    assert_non_null(strstr(found, "; missing: /etc/pipe, in the layer's tar a FIFO; mode 0644"));
    assert_null(strstr(found, "SHA-256"));
    assert_int_equal(place->report.failures, 0);
}

static void test_no_blob(void **state)
{
    struct place *place = *state;
    shell(place, files);
    store(place, "gzip -c");
    shell(place, "rm blobs/*; echo new >fs/new");
    assert_string_equal(check(place), "");
    assert_int_equal(place->report.failures, 0);
}

/* What was lost may have been in the tar: only differences are found. */
static void test_broken(void **state)
{
    static const char *const breaks[] = {
        "truncate -s 100000 blobs/*",
        "printf '%64s' | dd of=$(echo blobs/*) bs=1 seek=100000 conv=notrunc 2>/dev/null",
        ": >$(echo blobs/*)",
    };
    struct place *place = *state;
    shell(place, files);
    shell(place, "chmod 777 fs/deep; echo new >fs/new");
    for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++) {
        store(place, i == 1 ? "gzip -c" : "cat");
        shell(place, breaks[i]);
        const char *found = check(place);
        assert_null(strstr(found, "not in the layer's tar"));
        assert_null(strstr(found, "missing"));
        assert_true(place->report.failures > 0);
        if (i == 0)
            assert_non_null(strstr(found, "/deep; mode 0777, in the layer's tar 0755; "));
    }
}

/* A blob that is whole, but not what its name says: findings by it say so. One that is not the layer's. */
static void test_wrong_digests(void **state)
{
    struct place *place = *state;
    if (!lt_sha256_version())
        skip();
    shell(place, files);
    store(place, "gzip -c");
    shell(place, "echo new >fs/etc/new; touch -r in/etc fs/etc; printf 'a comment' | gzip -c >>$(echo blobs/*)");
    assert_string_equal(check(place), "/etc/new; not in the layer's tar; the SHA-256 of that tar is wrong: it proves "
                                      "little\n");
    assert_int_equal(place->report.failures, 2);
    store(place, "gzip -c");
    place->layer.diff_id = LT_STR("sha256:00");
    shell(place, "rm fs/etc/new; touch -r in/etc fs/etc");
    assert_string_equal(check(place), "");
    assert_int_equal(place->report.failures, 1);
}

/* Unpacking follows the links of the layer, and does not leave it. */
static void test_names(void **state)
{
    struct place *place = *state;
    shell(place,
          "mkdir -p in/usr/lib in/loop out/a; ln -s usr/lib in/lib; ln -s /lib in/usr/abs; ln -s ../usr in/loop/up\n"
          "ln -s it in/loop/it; for d in lib usr/abs loop/up/lib loop/it; do mkdir -p out/$d; done\n"
          "echo >out/lib/1; echo >out/usr/abs/2; echo >out/loop/up/lib/3; echo >out/loop/it/4; echo >out/x\n"
          "echo >out/a/y; tar -C in -cf layer.tar .; tar -C fs -xf layer.tar; mkdir fs/a\n"
          "tar -C out -rf layer.tar lib/1 usr/abs/2 loop/up/lib/3\n"
          "tar -C out -P --transform 's,^,../../,' -rf layer.tar x\n"
          "tar -C out -P --transform 's,^a,b/../a,' -rf layer.tar a/y\n"
          "cp -p out/x fs; cp -p out/a/y fs/a; cp -p out/lib/1 out/usr/abs/2 out/loop/up/lib/3 fs/usr/lib\n"
          "touch -r in/usr/lib fs/usr/lib");
    store(place, "cat");
    assert_string_equal(check(place), "");
    assert_int_equal(place->report.failures, 0);
    shell(place, "tar -C out -rf layer.tar loop/it/4");
    store(place, "cat");
    assert_string_equal(check(place), "");
    assert_int_equal(place->report.failures, 1);
}

/* Deletions, as containerd makes them in a layer above others and in a base. */
static void test_deletions(void **state)
{
    struct place *place = *state;
    shell(place,
          "mkdir -p in/kept in/opaque; : >in/.wh.gone; : >in/kept/.wh.too; : >in/opaque/.wh..wh..opq\n"
          "tar -C in -cf layer.tar .; tar -C fs -xf layer.tar; rm fs/.wh.gone fs/*/.wh.*; touch -r in/kept fs/kept\n"
          "touch -r in/opaque fs/opaque");
    store(place, "gzip -c");
    char gone[80], opaque[80], below[80];
    snprintf(gone, sizeof gone, "%s/fs/gone", place->path);
    snprintf(opaque, sizeof opaque, "%s/fs/opaque", place->path);
    snprintf(below, sizeof below, "%s/fs/opaque/lower", place->path);
    place->layer.is_base = true;
    assert_string_equal(check(place), "");
    place->layer.is_base = false;
    if (mknod(gone, S_IFCHR, makedev(0, 0)) < 0 || setxattr(opaque, "trusted.overlay.opaque", "y", 1, 0) < 0 ||
        mknod(below, S_IFCHR, makedev(0, 0)) < 0)
        skip();
    shell(place, "touch -r in/opaque fs/opaque");
    const char *found = check(place);
    assert_true(lt_str_starts(lt_str_c(found), LT_STR("; missing: /kept/too, in the layer's tar a deletion")));
    assert_int_equal(place->report.failures, 0);
    place->root.rootless = true;
    assert_string_equal(check(place), "");
    shell(place,
          "setfattr -n trusted.overlay.opaque -v y fs/kept; mknod fs/kept/other c 0 0; touch -r in/kept fs/kept");
    found = check(place);
    assert_non_null(strstr(found, "/kept; an opaque directory, which it is not in the layer's tar"));
    assert_non_null(strstr(found, "/kept/other; not in the layer's tar\n"));
}

/* A file takes the place of a directory, and with it of all that was in it. */
static void test_replaced(void **state)
{
    struct place *place = *state;
    shell(place, "mkdir -p in/d; echo >in/d/f; tar -C in -cf layer.tar d; rm -r in/d; echo file >in/d\n"
                 "tar -C in -rf layer.tar d; cp -p in/d fs");
    store(place, "cat");
    assert_string_equal(check(place), "");
    assert_int_equal(place->report.failures, 0);
}

static void test_many(void **state)
{
    struct place *place = *state;
    shell(place, "mkdir in/d; cd in/d; seq 100000 | xargs touch -d @1; cd ../..; tar -C in -cf layer.tar d");
    store(place, "gzip -c");
    struct lt_layer_record *record = lt_layer_record_load(&place->ctx, &place->layer);
    assert_true(record && record->complete && !record->doubtful);
    assert_int_equal(record->entries.count, 100001);
    assert_true(record->arena.bytes < 100001 * 400);
    lt_layer_record_free(record);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_untouched), TEST(test_changes),   TEST(test_no_blob),  TEST(test_broken), TEST(test_wrong_digests),
        TEST(test_names),     TEST(test_deletions), TEST(test_replaced), TEST(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
