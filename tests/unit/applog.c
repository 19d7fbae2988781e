// SPDX-License-Identifier: Apache-2.0
/* Lines put together by hand after the descriptions at the top of the files in src/parse/applog. */
#include "parse/applog/applog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NOON = 1795433164 }; /* 2026-11-23T11:26:04Z */

static const struct lt_applog_format *find(const char *sample, bool history, bool any)
{
    return lt_applog_find(lt_str_c(sample), history, any, lt_time_at(NOON, 0));
}

static void test_names(void **state)
{
    (void)state;
    const struct {
        const char *name;
        enum lt_applog_name is;
    } table[] = {
        {".bash_history", LT_APPLOG_HISTORY_NAME},
        {"fish_history", LT_APPLOG_HISTORY_NAME},
        {".histfile", LT_APPLOG_HISTORY_NAME},
        {".python_history", LT_APPLOG_NO_NAME},
        {"_history", LT_APPLOG_NO_NAME},
        {"access.log", LT_APPLOG_LOG_NAME},
        {"access_log", LT_APPLOG_LOG_NAME},
        {"access.log.1", LT_APPLOG_LOG_NAME},
        {"access.log.2.gz", LT_APPLOG_LOG_NAME},
        {"error.log-20261123", LT_APPLOG_LOG_NAME},
        {"localhost_access_log.2026-11-23.txt", LT_APPLOG_LOG_NAME},
        {"log", LT_APPLOG_LOG_NAME},
        {"catalog", LT_APPLOG_NO_NAME},
        {"log.js", LT_APPLOG_NO_NAME},
        {"login", LT_APPLOG_NO_NAME},
        {"CHANGELOG", LT_APPLOG_NO_NAME},
        {"", LT_APPLOG_NO_NAME},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (lt_applog_judge(lt_str_c(table[i].name)) != table[i].is)
            fail_msg("%s: misjudged", table[i].name);
}

static void test_formats(void **state)
{
    (void)state;
    const struct {
        const char *sample, *name; /* NULL: none */
        bool history;
    } table[] = {
        {"192.0.2.1 - - [23/Nov/2026:11:26:04 +0000] \"GET / HTTP/1.1\" 200 1\n", "web server", false},
        {"\n\nhttp.example:80 192.0.2.1 - bob [23/Nov/2026:11:26:04 +0000] \"-\" 408 0\n", "web server", false},
        {"2026-11-23 11:26:04 status installed a:amd64 1\n", "dpkg", false},
        {"\nStart-Date: 2026-11-23  11:26:04\n", "apt", false},
        {"\nRunning `apk add a` at 2026-11-23 11:26:04\n", "apk", false},
        {"Nov 23 11:26:04 Installed: a-1.x86_64\n", "yum or dnf", false},
        {"2026-11-23T11:26:04+0000 INFO --- logging initialized ---\n", "yum or dnf", false},
        {"cut\nNov 23 11:26:04 host cron[1]: x\n", "syslog", false},
        {"Nov 23 11:26:04 host authpriv.info sshd[1]: x\n", "syslog", false},
        {"<30>1 2026-11-23T11:26:04Z host app 1 - - x\n", "syslog", false},
        /* Programs of any kind write like this. */
        {"2026-11-23T11:26:04Z INFO served a request\n", NULL, false},
        {"2026-11-23 11:26:04 INFO install: done\n", NULL, false},
        {"Nov 23 11:26:04 served a request\n", NULL, false},
        {"192.0.2.1 [23/Nov/2026:11:26:04 +0000] x\n", NULL, false},
        {"{\"log\":\"x\"}\n", NULL, false},
        {"", NULL, false},
        {"- cmd: ls\n  when: 1795433164\n", "fish history", true},
        {": 1795433164:0;ls\n", "zsh history", true},
        {"id\n#1795433164\nls\n", "bash history", true},
        {"id\n# 1795433164\nls\n", "shell history", true},
        {"#12\nls\n", "shell history", true},
        {"\n\n", NULL, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct lt_applog_format *format = find(table[i].sample, table[i].history, false);
        const char *name = format ? format->name : NULL;
        if (!name != !table[i].name || (name && strcmp(name, table[i].name) != 0))
            fail_msg("%s: taken for %s", table[i].sample, name ? name : "none");
    }
    assert_string_equal(find("2026-11-23T11:26:04Z INFO served\n", false, true)->name, "application");
    assert_string_equal(find("2026-11-23 11:26:04 status installed a 1\n", false, true)->name, "dpkg");
    assert_null(find("11:26:04 INFO served\n", false, true));
    char late[4096] = "";
    for (unsigned i = 0; i < 21; i++)
        strcat(late, "nothing\n");
    assert_null(find(strcat(late, "2026-11-23 11:26:04 status installed a 1\n"), false, false));
}

static const struct lt_applog_format *format_of(const char *name)
{
    static const struct lt_applog_format *const formats[] = {
#define APPLOG(name) &lt_applog_##name,
#include "parse/applog/formats.def"
#undef APPLOG
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

/* Read a line that begins a record of a format that is known. */
static struct lt_applog_record begun(const char *name, const char *line)
{
    static struct lt_arena arena;
    const struct lt_applog_reading reading = {.arena = &arena, .near = lt_time_at(NOON, 0)};
    struct lt_applog_record record = {0};
    if (!format_of(name)->take(&reading, lt_str_c(line), &record))
        fail_msg("%s: does not begin a record", line);
    return record;
}

static void assert_text(const struct lt_applog_record *record, enum lt_applog_text which, const char *text)
{
    if (!lt_str_eq(record->text[which], lt_str_c(text)))
        fail_msg("'%.*s', not '%s'", LT_ARG(record->text[which]), text);
}

static void test_web(void **state)
{
    (void)state;
    struct lt_applog_record record = begun(
        "web server", "2001:db8::1 - Bob B [23/Nov/2026:12:26:04 +0100] \"GET /\\\" HTTP/1.1\" 404 - \"-\" \"a\\\"b\"");
    assert_true(record.time.zoned && record.time.time.sec == NOON && record.code == 404);
    assert_text(&record, LT_APPLOG_ADDRESS, "2001:db8::1");
    assert_text(&record, LT_APPLOG_USER, "Bob B");
    assert_text(&record, LT_APPLOG_REQUEST, "GET /\\\" HTTP/1.1");
    assert_text(&record, LT_APPLOG_REFERER, "");
    assert_text(&record, LT_APPLOG_AGENT, "a\\\"b");
    record = begun("web server", "host.example - - [23/Nov/2026:11:26:04 +0000] \"GET /");
    assert_text(&record, LT_APPLOG_ADDRESS, "");
    assert_text(&record, LT_APPLOG_REQUEST, "GET /");
    assert_int_equal(record.code, 0);
    record = begun("web server", "www.example.org:443 192.0.2.1 - - [23/Nov/2026:11:26:04 +0000] \"/\" 2000");
    assert_text(&record, LT_APPLOG_ADDRESS, "192.0.2.1");
    assert_int_equal(record.code, 0);
}

static void test_syslog(void **state)
{
    (void)state;
    struct lt_applog_record record =
        begun("syslog", "Nov 23 11:26:04 h sshd[3]:  Failed none for invalid user x from ::1 port 1");
    assert_int_equal(record.kind, LT_APPLOG_SSH_FAILED);
    assert_true(record.pid == 3 && record.time.yearless && record.time.at.month == 11);
    assert_text(&record, LT_APPLOG_USER, "x");
    assert_text(&record, LT_APPLOG_ADDRESS, "::1");
    record = begun("syslog", "Nov 23 11:26:04 h sshd[3]: Accepted password for x from host port 1 ssh2");
    assert_int_equal(record.kind, LT_APPLOG_SYSLOG);
    record = begun("syslog", "Nov 23 11:26:04 h app[3]: Accepted password for x from 192.0.2.1 port 1 ssh2");
    assert_int_equal(record.kind, LT_APPLOG_SYSLOG);
    record =
        begun("syslog", "Nov 23 11:26:04 h sshd-session[3]: Connection from 192.0.2.1 port 1 on 192.0.2.2 port 22");
    assert_int_equal(record.kind, LT_APPLOG_SSH_OPENED);
    record = begun("syslog", "Nov 23 11:26:04 h cron.info crond[8]: USER root pid  12 cmd run-parts /etc/periodic");
    assert_int_equal(record.kind, LT_APPLOG_CRON);
    assert_true(record.pid == 12);
    assert_text(&record, LT_APPLOG_COMMAND, "run-parts /etc/periodic");
    record = begun("syslog", "Nov 23 11:26:04 h /USR/SBIN/CRON[9]: (a) CMD (b (c))");
    assert_text(&record, LT_APPLOG_COMMAND, "b (c)");
    record = begun("syslog", "Nov 23 11:26:04.25: --- last message repeated 5 times ---");
    assert_text(&record, LT_APPLOG_REPORTER, "");
    assert_text(&record, LT_APPLOG_BODY, "--- last message repeated 5 times ---");
    assert_int_equal(record.time.at.nsec, 250000000);
    record = begun("syslog", "Nov 23 11:26:04 host tag without a colon");
    assert_text(&record, LT_APPLOG_REPORTER, "");
    assert_text(&record, LT_APPLOG_BODY, "host tag without a colon");
}

static void test_histories(void **state)
{
    (void)state;
    struct lt_arena arena = {0};
    struct lt_applog_record open = {0}, record = {0};
    struct lt_applog_reading reading = {.arena = &arena, .open = &open};
    const struct lt_applog_format *bash = format_of("bash history"), *zsh = format_of("zsh history"),
                                  *fish = format_of("fish history");
    assert_true(bash->take(&reading, LT_STR("ls"), &record)); /* the open one has no time */
    open.time.time = lt_time_at(NOON, 0);
    assert_false(bash->take(&reading, LT_STR("# a comment"), &record));
    assert_false(bash->take(&reading, LT_STR("#1795433164x"), &record));
    assert_false(bash->take(&reading, LT_STR("#99999999999"), &record));
    assert_true(bash->take(&reading, LT_STR("#1795433164"), &record));
    open.text[LT_APPLOG_COMMAND] = LT_STR("a\\");
    assert_false(zsh->take(&reading, LT_STR("b"), &record));
    open.text[LT_APPLOG_COMMAND] = LT_STR("a");
    assert_true(zsh->take(&reading, LT_STR("b\x83"), &record));
    assert_text(&record, LT_APPLOG_COMMAND, "b\x83");
    assert_true(zsh->take(&reading, LT_STR(": 1795433164:0;x\x83\xa9;"), &record));
    assert_text(&record, LT_APPLOG_COMMAND, "x\x89;");
    record = (struct lt_applog_record){0};
    assert_true(fish->take(&reading, LT_STR("- cmd: a\\nb\\\\n\\t"), &record));
    assert_text(&record, LT_APPLOG_COMMAND, "a\nb\\n\\t");
    assert_false(record.time.time.set);
    assert_false(fish->take(&reading, LT_STR("  when: 1795433164"), &record));
    assert_true(record.time.zoned && record.time.time.sec == NOON);
    record = (struct lt_applog_record){0};
    assert_false(fish->take(&reading, LT_STR("  when: soon"), &record));
    assert_false(record.time.time.set);
    lt_arena_free(&arena);
}

static void test_local(void **state)
{
    (void)state;
    struct lt_time time;
    struct lt_str text = LT_STR("2026-11-23   11:26:04 x");
    assert_true(lt_applog_local(&text, &time));
    assert_true(time.sec == NOON && lt_str_eq(text, LT_STR(" x")));
    static const char *const others[] = {
        "2026-11-23T11:26:04", "2026-11-2 11:26:04",  "2026-02-30 11:26:04", "2026-11-23 24:00:00",
        "2026-11-23 11:26:4",  "1969-11-23 11:26:04", "2026-11-23 11:26",    ""};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        text = lt_str_c(others[i]);
        if (lt_applog_local(&text, &time) || text.len != strlen(others[i]))
            fail_msg("%s: taken for a time", others[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),  cmocka_unit_test(test_formats),   cmocka_unit_test(test_web),
        cmocka_unit_test(test_syslog), cmocka_unit_test(test_histories), cmocka_unit_test(test_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
