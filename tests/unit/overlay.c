// SPDX-License-Identifier: Apache-2.0
/* Marks of overlay file systems. The origins were read from real upper layers; the inodes are those of the lower files
 * that the kernel's own listing of the same disk has under the same names. */
#include "parse/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARK(marks, names, name, value) lt_overlay_mark((marks), (names), LT_STR(name), LT_STR(value))

/* ext4, type 0x01; XFS, type 0x81. */
#define EXT4                                                                                                           \
    "\x00\xfb\x1d\x00\x01\xe3\x33\xf3\xdc\xae\xc1\x9f\x38\x2e\x4a\x46\x04\x16\x88\xb9\x09\xc9\x01\x00\x00\x05\x6a\x93" \
    "\xa1"
#define XFS                                                                                                            \
    "\x00\xfb\x21\x00\x81\x96\x2b\xb6\xeb\xe3\x94\x78\xa5\x2a\x57\x52\xd7\x75\xa9\xc6\x43\xa9\x00\x0c\x00\x00\x00\x00" \
    "\x00\x0f\x44\xc6\x6e"

static uint64_t origin_of(struct lt_str value)
{
    struct lt_overlay_marks marks = {0};
    lt_overlay_mark(&marks, LT_OVERLAY_TRUSTED, LT_STR("trusted.overlay.origin"), value);
    assert_true(marks.has_origin);
    return marks.origin;
}

static void test_real_origins(void **state)
{
    (void)state;
    assert_int_equal(origin_of(LT_STR(EXT4)), 457);
    assert_int_equal(origin_of(LT_STR(XFS)), 786601);
}

/* A handle of a big-endian machine, and the first words of one of btrfs. */
static void test_other_handles(void **state)
{
    (void)state;
    char big[] = EXT4, btrfs[] = XFS, big64[] = XFS;
    big[3] = 1;
    memcpy(big + 21, "\x00\x00\x01\xc9", 4);
    assert_int_equal(origin_of((struct lt_str){big, sizeof big - 1}), 457);
    btrfs[4] = 0x4D;
    assert_int_equal(origin_of((struct lt_str){btrfs, sizeof btrfs - 1}), 786601);
    big64[3] = 1;
    memcpy(big64 + 21, "\x00\x00\x00\x01\x00\x0c\x00\xa9", 8);
    assert_true(origin_of((struct lt_str){big64, sizeof big64 - 1}) == UINT64_C(0x1000C00A9));
}

/* It is still known that the entry was copied up, but not from where. */
static void test_no_handle(void **state)
{
    (void)state;
    const struct lt_str whole[] = {LT_STR(EXT4), LT_STR(XFS)};
    char bad[] = EXT4;
    for (size_t i = 0; i < 2; i++) {
        for (size_t len = 0; len < whole[i].len; len++) {
            char *cut = malloc(len ? len : 1); /* of that size, so that a sanitizer sees a read beyond it */
            assert_non_null(cut);
            memcpy(cut, whole[i].ptr, len);
            assert_int_equal(origin_of((struct lt_str){cut, len}), 0);
            free(cut);
        }
    }
    bad[1] = 0;
    assert_int_equal(origin_of((struct lt_str){bad, sizeof bad - 1}), 0);
    bad[1] = (char)0xFB;
    bad[4] = 0x7F;
    assert_int_equal(origin_of((struct lt_str){bad, sizeof bad - 1}), 0);
}

static void test_words(void **state)
{
    (void)state;
    struct lt_overlay_marks marks = {0};
    MARK(&marks, LT_OVERLAY_TRUSTED, "trusted.overlay.opaque", "y");
    assert_true(marks.opaque && !marks.has_whiteouts);
    marks = (struct lt_overlay_marks){0};
    MARK(&marks, LT_OVERLAY_TRUSTED, "trusted.overlay.opaque", "x");
    assert_true(!marks.opaque && marks.has_whiteouts);
    marks = (struct lt_overlay_marks){0};
    MARK(&marks, LT_OVERLAY_TRUSTED, "trusted.overlay.opaque", "yes");
    assert_true(!marks.opaque && !marks.has_whiteouts);
    MARK(&marks, LT_OVERLAY_TRUSTED, "trusted.overlay.whiteout", "");
    MARK(&marks, LT_OVERLAY_TRUSTED, "trusted.overlay.metacopy", "");
    MARK(&marks, LT_OVERLAY_TRUSTED, "trusted.overlay.redirect", "/old/name");
    assert_true(marks.whiteout && marks.metacopy && !marks.has_origin);
    assert_true(lt_str_eq(marks.redirect, LT_STR("/old/name")));
}

/* What a process in a container can set says nothing in a mount of root's, nor does a mark of an overlay inside. */
static void test_names_of_others(void **state)
{
    (void)state;
    struct lt_overlay_marks marks = {0};
    MARK(&marks, LT_OVERLAY_TRUSTED, "user.overlay.opaque", "y");
    MARK(&marks, LT_OVERLAY_TRUSTED, "user.fuseoverlayfs.opaque", "y");
    MARK(&marks, LT_OVERLAY_TRUSTED, "trusted.overlay.overlay.opaque", "y");
    MARK(&marks, LT_OVERLAY_TRUSTED, "trusted.overlayopaque", "y");
    MARK(&marks, LT_OVERLAY_USER, "trusted.overlay.opaque", "y");
    assert_false(marks.opaque);
    MARK(&marks, LT_OVERLAY_USER, "user.overlay.opaque", "y");
    assert_true(marks.opaque);
    marks = (struct lt_overlay_marks){0};
    MARK(&marks, LT_OVERLAY_USER, "user.fuseoverlayfs.opaque", "y");
    assert_false(marks.opaque);
    MARK(&marks, LT_OVERLAY_FUSE, "user.fuseoverlayfs.opaque", "y");
    assert_true(marks.opaque);
    assert_true(lt_overlay_is_mark(LT_STR("trusted.overlay.overlay.origin")));
    assert_false(lt_overlay_is_mark(LT_STR("security.capability")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_origins), cmocka_unit_test(test_other_handles),   cmocka_unit_test(test_no_handle),
        cmocka_unit_test(test_words),        cmocka_unit_test(test_names_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
