// SPDX-License-Identifier: Apache-2.0
#include "parse/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* The words of `text`, one behind the other with | behind each; ? stands for a quote that is not closed. */
static void assert_words(const char *text, const char *expected)
{
    struct lt_arena arena = {0};
    struct lt_buf got = {0};
    struct lt_str rest = lt_str_c(text), word;
    for (enum lt_status status; (status = lt_word_next(&rest, &arena, &word)) != LT_END;) {
        lt_buf_add(&got, word);
        lt_buf_char(&got, status == LT_OK ? '|' : '?');
        if (status != LT_OK)
            assert_int_equal(rest.len, 0);
    }
    if (!lt_str_eq(lt_buf_view(&got), lt_str_c(expected)))
        fail_msg("%s: %.*s, not %s", text, LT_ARG(lt_buf_view(&got)), expected);
    lt_buf_free(&got);
    lt_arena_free(&arena);
}

static void test_words(void **state)
{
    (void)state;
    assert_words("", "");
    assert_words(" \t\n", "");
    assert_words("/usr/bin/dockerd -H fd://  --containerd=/run/c.sock ",
                 "/usr/bin/dockerd|-H|fd://|--containerd=/run/c.sock|");
}

static void test_quotes(void **state)
{
    (void)state;
    assert_words("\"a b\" 'c d'e", "a b|c de|");
    assert_words("--label=\"x y\" ''", "--label=x y||");
    assert_words("\"it's\" '\"'", "it's|\"|");
    assert_words("a \"b c", "a|b c?");
    assert_words("'", "?");
}

static void test_escapes(void **state)
{
    (void)state;
    assert_words("a\\sb '\\x41' \"\\101\" \\\\ \\\"x\\\"", "a b|A|A|\\|\"x\"|");
    assert_words("\\q \\x4 \\x00 \\400 \\", "\\q|\\x4|\\x00|\\400|\\|");
}

/* The value of --data-root or -g in a command. */
static void assert_option(const char *text, const char *expected)
{
    struct lt_arena arena = {0};
    struct lt_list words = {0};
    lt_words_split(&words, &arena, lt_str_c(text), 64);
    assert_true(lt_str_eq(lt_words_option(&words, "data-root", 'g'), lt_str_c(expected)));
    lt_arena_free(&arena);
}

static void test_option(void **state)
{
    (void)state;
    assert_option("dockerd --data-root /a", "/a");
    assert_option("dockerd --data-root=/a -D", "/a");
    assert_option("dockerd -data-root /a", "/a"); /* Go's flag takes one dash */
    assert_option("dockerd -g /a -g/b -g=/c", "/c");
    assert_option("/bin/sh -c \"exec dockerd -g /a\"", "/a");
    assert_option("OPTS='-g /a'", "/a");
    assert_option("DOCKER_OPTS=\"--dns 8.8.8.8 -g /a\"", "/a");
    assert_option("[ $x -gt 0 ] && start-stop-daemon -g root -- -g /a", "/a"); /* a letter may mean something else */
    assert_option("dockerd --data-rooted /a --group /b", "");
    assert_option("dockerd --data-root", "");
    assert_option("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
