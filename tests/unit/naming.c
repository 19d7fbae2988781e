// SPDX-License-Identifier: Apache-2.0
/* Lines that tell names of containers, as containerd 1.7 and 2.3 and dockerd 1.12, 20.10 and 29 wrote them. */
#include "parse/naming.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BOX "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct line {
    const char *text;
    enum lt_naming_kind kind;
    const char *id, *name, *attempt, *sandbox, *uid, *namespace;
} lines[] = {
    {"msg=\"CreateContainer within sandbox \\\"" BOX
     "\\\" for &ContainerMetadata{Name:web,Attempt:2,} returns container "
     "id \\\"" ID "\\\"\"",
     LT_NAMING_NAME, ID, "web", "2", BOX, "", ""},
    {"CreateContainer within sandbox \"" BOX "\" for &ContainerMetadata{Name:web,Attempt:0,} returns container id \"" ID
     "\"",
     LT_NAMING_NAME, ID, "web", "0", BOX, "", ""},
    {"msg=\"CreateContainer within sandbox \\\"" BOX "\\\" for container &ContainerMetadata{Name:web,Attempt:0,}\"",
     LT_NAMING_NONE, "", "", "", "", "", ""},
    {"msg=\"RunPodSandbox for &PodSandboxMetadata{Name:web-0,Uid:u-1,Namespace:shop,Attempt:1,} returns sandbox id "
     "\\\"" ID "\\\"\"",
     LT_NAMING_POD, ID, "web-0", "1", "", "u-1", "shop"},
    {"msg=\"RunPodSandbox for &PodSandboxMetadata{Name:web-0,Uid:u-1,Namespace:shop,Attempt:1,}\"", LT_NAMING_NONE, "",
     "", "", "", "", ""},
    {"msg=\"Conflict. The container name \\\"/web\\\" is already in use by container \\\"" ID "\\\". You have to\"",
     LT_NAMING_NAME, ID, "web", "", "", "", ""},
    {"{\"msg\":\"Conflict. The container name \\\"/web\\\" is already in use by container " ID ". You have to\"}",
     LT_NAMING_NAME, ID, "web", "", "", "", ""},
    {"Conflict. The name \"web\" is already in use by container " ID ". You have to", LT_NAMING_NAME, ID, "web", "", "",
     "", ""},
    {"Conflict. The container name \"/web\" is already in use by container \"0123\"", LT_NAMING_NONE, "", "", "", "",
     "", ""},
    {"msg=\"connecting to shim " ID "\" address=\"unix:///x\" namespace=moby version=3", LT_NAMING_START, ID, "", "",
     "", "", ""},
    {"msg=\"connecting to shim " ID "\" address=\"unix:///x\" namespace=k8s.io version=3", LT_NAMING_NONE, "", "", "",
     "", "", ""},
    {"msg=\"connecting to shim events\" namespace=moby", LT_NAMING_NONE, "", "", "", "", "", ""},
    {"level=info msg=\"sbJoin: gwep4 ''->'', gwep6 ''->''\" eid=0123456789ab ep=web net=none nid=0123456789ab",
     LT_NAMING_JOIN, "", "web", "", "", "", ""},
    {"level=info msg=\"sbLeave: x\" ep=web", LT_NAMING_NONE, "", "", "", "", "", ""},
    {"", LT_NAMING_NONE, "", "", "", "", "", ""},
};

static void assert_text(struct lt_str got, const char *wanted)
{
    if (!lt_str_eq(got, lt_str_c(wanted)))
        fail_msg("'%.*s' is not '%s'", LT_ARG(got), wanted);
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct lt_naming found = lt_naming_find(lt_str_c(lines[i].text));
        assert_int_equal(found.kind, lines[i].kind);
        assert_text(found.id, lines[i].id);
        assert_text(found.name, lines[i].name);
        assert_text(found.attempt, lines[i].attempt);
        assert_text(found.sandbox, lines[i].sandbox);
        assert_text(found.uid, lines[i].uid);
        assert_text(found.namespace, lines[i].namespace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
