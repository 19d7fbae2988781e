// SPDX-License-Identifier: Apache-2.0
/* What YAML 1.2 says of the lines; a parser of YAML gives the same. */
#include "parse/yamllines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* Compare all values of `text` with `wanted`: "path=value" with the index after "#", one a line. */
static unsigned expect(const char *text, const char *wanted)
{
    struct lt_yaml yaml = {.rest = lt_str_c(text)};
    struct lt_yaml_item item;
    struct lt_buf out = {0};
    while (lt_yaml_next(&yaml, &item))
        lt_buf_printf(&out, "%.*s=%.*s#%u\n", LT_ARG(item.path), LT_ARG(item.value), item.index);
    lt_buf_char(&out, 0);
    assert_string_equal(out.ptr, wanted);
    lt_buf_free(&out);
    lt_yaml_free(&yaml);
    return yaml.unread;
}

static void test_manifest(void **state)
{
    (void)state;
    assert_int_equal(expect("apiVersion: v1\n"
                            "kind: Pod # a comment\n"
                            "metadata:\n"
                            "  creationTimestamp: null\n"
                            "  labels: {}\n"
                            "  name: etcd\n"
                            "spec:\n"
                            "  containers:\n"
                            "  - command:\n"
                            "    - etcd\n"
                            "    - --data-dir=/var/lib/etcd\n"
                            "    image: \"etcd:3.5 # no comment\"\n"
                            "    name: 'it''s'\n"
                            "  -   image: b\n"
                            "      args: [a, \"b, c\", 'd']\n"
                            "  hostNetwork: true\n"
                            "  volumes:\n"
                            "    - hostPath:\n"
                            "        path: /etc\r\n"
                            "      name: etc\n",
                            "apiVersion=v1#0\n"
                            "kind=Pod#0\n"
                            "metadata.creationTimestamp=null#0\n"
                            "metadata.name=etcd#0\n"
                            "spec.containers[].command[]=etcd#0\n"
                            "spec.containers[].command[]=--data-dir=/var/lib/etcd#0\n"
                            "spec.containers[].image=etcd:3.5 # no comment#0\n"
                            "spec.containers[].name=it''s#0\n"
                            "spec.containers[].image=b#1\n"
                            "spec.containers[].args[]=a#1\n"
                            "spec.containers[].args[]=b, c#1\n"
                            "spec.containers[].args[]=d#1\n"
                            "spec.hostNetwork=true#0\n"
                            "spec.volumes[].hostPath.path=/etc#0\n"
                            "spec.volumes[].name=etc#0\n"),
                     0);
}

static void test_block_scalars(void **state)
{
    (void)state;
    assert_int_equal(expect("a: |\n"
                            "  key: no key\n"
                            "\n"
                            "  - no item\n"
                            "b:\n"
                            "- >-\n"
                            "  text: text\n"
                            "- x\n"
                            "---\n"
                            "c: d\n",
                            "a=|#0\nb[]=>-#0\nb[]=x#1\nc=d#0\n"),
                     0);
}

/* They are counted, and what follows is read. */
static void test_not_read(void **state)
{
    (void)state;
    assert_int_equal(expect("a: {b: c}\nd: e\n", "a={b: c}#0\nd=e#0\n"), 1);
    assert_int_equal(expect("a: &x b\nc: *x\n", "a=&x b#0\nc=*x#0\n"), 2);
    assert_int_equal(expect("a: b\n  more\nc: d\n", "a=b#0\nc=d#0\n"), 1);
    assert_int_equal(expect("a: \"b\n  c\"\nd: e\n", "a=b#0\nd=e#0\n"), 2);
    assert_int_equal(expect("\ta: b\nc: d\n", "c=d#0\n"), 1);
    assert_int_equal(expect("- {a: b}\n- &x c: d\n? e: f\ng: h\n", "[]={a: b}#0\n[]=&x c: d#1\ng=h#0\n"), 3);
    assert_int_equal(expect("", ""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_block_scalars),
        cmocka_unit_test(test_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
