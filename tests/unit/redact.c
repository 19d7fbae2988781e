// SPDX-License-Identifier: Apache-2.0
#include "parse/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const struct {
    const char *text, *shown;
} cases[] = {
    {"", ""},
    {"ro,noatime", "ro,noatime"},
    {"addr=10.0.0.1,username=bob,password=hunter2", "addr=10.0.0.1,username=bob,password=***"},
    {"PASSWORD=hunter2,ro", "PASSWORD=***,ro"},
    {"password=,ro", "password=,ro"},
    {"pass=a=b,ro", "pass=***,ro"},
    /* Two commas are one of the value; a quoted value may hold single ones. */
    {"pass=hun,,ter2,vers=3.0", "pass=***,vers=3.0"},
    {"pass=hun,,,,,vers=3.0", "pass=***,vers=3.0"},
    {"pass=hunter2,,", "pass=***"},
    {"pass=\"hun,ter2\",vers=3.0", "pass=***,vers=3.0"},
    {"pass=\"hunter2", "pass=***"},
    {"user=DOM/bob%hunter2,ro", "user=DOM/bob%***,ro"},
    {"username=bob%,ro", "username=bob%,ro"},
    {"secret_access_key=abc", "secret_access_key=***"},
    {"o=addr=1,password=x", "o=addr=1,password=***"},
    /* Devices. */
    {":/export", ":/export"},
    {"10.0.0.1:/export", "10.0.0.1:/export"},
    {"/dev/sdb1", "/dev/sdb1"},
    {"//server/share", "//server/share"},
    {"//bob@server/share", "//bob@server/share"},
    {"//server:445/a@b", "//server:445/a@b"},
    {"//bob:hunter2@server/share", "//bob:***@server/share"},
    {"//bob:hun@ter2@server:445/share", "//bob:***@server:445/share"},
    {"//bob:hun/ter2@server/share", "//bob:***@server/share"},
    {"//bob:hun,ter2@server/share", "//bob:***@server/share"},
    {"https://bob:hunter2@server/x?a=1&token=abc", "https://bob:***@server/x?a=1&token=***"},
    {"https://server/x?sig=abc", "https://server/x?sig=***"},
    /* Behind an equals sign and in quotes. */
    {"Environment=AWS_SECRET_ACCESS_KEY=abc", "Environment=AWS_SECRET_ACCESS_KEY=***"},
    {"Environment=\"KEY=a b\" 'X=1'", "Environment=\"KEY=***\" 'X=1'"},
    {"Environment='TOKEN=a\\'b,c' X=1", "Environment='TOKEN=***' X=1"},
    {"\"TOKEN=abc", "\"TOKEN=***"},
    {"labels=password=abc", "labels=password=***"},
    {"a=user=bob%hunter2", "a=user=bob%***"},
    {"user=user=bob,user=bob%hunter2", "user=user=bob,user=bob%***"},
    /* Command lines. */
    {"OPTS=--log-opt=splunk-token=abc -D token=a b", "OPTS=--log-opt=splunk-token=*** -D token=***"},
    {"x --password=abc -H fd://", "x --password=*** -H fd://"},
    {"x --password='a b' -H fd://", "x --password=*** -H fd://"},
    {"x --password  abc -H fd://", "x --password  *** -H fd://"},
    {"x -token \"a b\" y", "x -token *** y"},
    {"x --no-password -H fd://", "x --no-password -H fd://"},
    {"x --password", "x --password"},
    {"x --password ", "x --password "},
    {"-/usr/bin/ssh-keygen all", "-/usr/bin/ssh-keygen all"},
    {"password x", "password x"},
    {"type=cifs,device=//bob:hunter2@server/share,ro", "type=cifs,device=//bob:***@server/share,ro"},
};

static void test_redact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lt_buf shown = {0};
        lt_redact(&shown, lt_str_c(cases[i].text));
        lt_buf_char(&shown, 0);
        assert_string_equal(shown.ptr, cases[i].shown);
        lt_buf_free(&shown);
    }
}

/* Each of many beginnings must not look through all that follows: this would take minutes. */
static void test_long(void **state)
{
    (void)state;
    static const char *const parts[] = {"//a:b", "user=", "user=\"", "\"", "--key ", "pw=\"", "'user=", "//a:b,"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct lt_buf text = {0}, shown = {0};
        while (text.len < 1 << 20)
            lt_buf_add(&text, lt_str_c(parts[i]));
        clock_t start = clock();
        lt_redact(&shown, lt_buf_view(&text));
        assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
        assert_true(shown.len);
        lt_buf_free(&text);
        lt_buf_free(&shown);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const secret[] = {"password", "PassWord", "pw", "access-key", "token", "sas"};
    static const char *const plain[] = {"", "user", "sec", "spin", "vers", "sasl"};
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        assert_true(lt_is_secret_name(lt_str_c(secret[i])));
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        assert_false(lt_is_secret_name(lt_str_c(plain[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redact),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
