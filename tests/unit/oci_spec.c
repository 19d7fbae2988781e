// SPDX-License-Identifier: Apache-2.0
/* Specifications that real runtimes wrote (tests/data/oci), cut down to what differs: ctr-* by ctr of containerd 1.6.20
 * from its options, docker-* by Docker 29 and 20.10, cri-* by containerd's CRI, podman by Podman 4.3. What is expected
 * follows from the command lines, which stand beside. */
#include "runtime/oci_spec.h"

#include "host/exposure.h"
#include "parse/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A container, and the specification that is read into it. */
struct place {
    struct lt_arena arena;
    struct lt_report report;
    struct lt_host host;
    struct lt_root root;
    struct lt_container container;
    struct lt_facts facts;
    struct lt_ctx ctx;
    struct lt_buf shown;
};

static int set_up(void **state)
{
    struct place *place = test_calloc(1, sizeof *place);
    place->report = (struct lt_report){.evidence = "spec", .quiet = true};
    place->root.host = &place->host;
    place->container = (struct lt_container){.root = &place->root, .id = LT_STR("web")};
    place->facts.arena = &place->arena;
    place->ctx = (struct lt_ctx){.report = &place->report,
                                 .run = &place->arena,
                                 .scratch = &place->arena,
                                 .reader = "test",
                                 .host = &place->host,
                                 .root = &place->root};
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    lt_buf_free(&place->shown);
    lt_report_free(&place->report);
    lt_arena_free(&place->arena);
    test_free(place);
    return 0;
}

static void read_text(struct place *place, struct lt_str text)
{
    struct json_t *json;
    const char *flaw;
    struct lt_err err = {0};
    assert_int_equal(lt_json_parse(text, &json, &flaw, &err), LT_OK);
    lt_oci_spec_read(&place->ctx, &place->container, json, LT_STR("/config.json"), &place->facts);
    lt_json_free(json);
}

static void read_file(struct place *place, const char *name)
{
    struct lt_buf text = {0};
    char path[64];
    snprintf(path, sizeof path, "tests/data/oci/%s.json", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (int byte; (byte = getc(file)) != EOF;)
        lt_buf_char(&text, (char)byte);
    fclose(file);
    read_text(place, lt_buf_view(&text));
    lt_buf_free(&text);
}

static void assert_shown(struct place *place, const char *expected)
{
    lt_buf_char(&place->shown, 0);
    assert_string_equal(place->shown.ptr, expected);
    place->shown.len = 0;
}

/* The rules that apply, by name, with "!" for each step of severity above info. */
static void assert_findings(struct place *place, const char *expected)
{
    static const char *const names[] = {
#define RULE(id, severity, tag, action, why) #id,
#include "host/exposure.def"
    };
    lt_each (const struct lt_exposure, finding, &place->container.findings)
        lt_buf_printf(&place->shown, "%s%.*s ", names[finding->rule], (int)finding->severity - LT_SEV_info, "!!!!");
    assert_shown(place, expected);
}

static void assert_items(struct place *place, const struct lt_list *items, const char *expected)
{
    lt_each (const struct lt_str, item, items)
        lt_buf_printf(&place->shown, "%.*s\n", LT_ARG(*item));
    assert_shown(place, expected);
}

static void assert_attr(struct place *place, enum lt_attr_key key, const char *expected)
{
    static const struct lt_list none = {0};
    for (size_t i = 0; i < place->facts.count; i++)
        if (place->facts.attrs[i].key == key) {
            assert_items(place, &place->facts.attrs[i].items, expected);
            return;
        }
    assert_items(place, &none, expected);
}

#define DEFAULTS "CGROUPNS_HOST SECCOMP!! " /* of ctr on a host with cgroup v1 */

static void test_privileges(void **state)
{
    (void)state;
    static const struct {
        const char *file, *findings, *privileges;
    } table[] = {
        {"ctr-plain", DEFAULTS, "seccomp=unconfined\n"},
        /* --privileged */
        {"ctr-privileged", "PRIVILEGED!!!! CGROUPNS_HOST ", "privileged\n"},
        /* --cap-add CAP_SYS_ADMIN --cap-add CAP_NET_ADMIN --seccomp */
        {"ctr-caps", "CGROUPNS_HOST CAPABILITY!!! CAPABILITY!! ", "cap_add=SYS_ADMIN\ncap_add=NET_ADMIN\n"},
        /* --net-host, which binds hosts and resolv.conf of the host read-only */
        {"ctr-nethost", "NETWORK_HOST!! CGROUPNS_HOST SECCOMP!! ", "network=host\nseccomp=unconfined\n"},
        /* --mount src=/,options=rbind:ro --mount src=/run/containerd/containerd.sock --mount src=/srv/data */
        {"ctr-mounts", DEFAULTS "HOST_PATH!!!! SOCKET!!!! ", "seccomp=unconfined\n"},
        /* --device /dev/null --device /dev/loop0 --device /dev/fuse */
        {"ctr-device", DEFAULTS "DISK!!!! DEVICE! ", "seccomp=unconfined\ndevice=/dev/loop0\ndevice=/dev/fuse\n"},
        /* --seccomp --apparmor-profile lab --allow-new-privs --read-only */
        {"ctr-secured", "CGROUPNS_HOST ", ""},
        /* --with-ns network:/proc/1/ns/net, pid:/proc/4242/ns/pid, ipc:/var/run/x */
        {"ctr-joined", "NETWORK_HOST!! CGROUPNS_HOST SECCOMP!! ", "network=host\nseccomp=unconfined\n"},
        /* --privileged --pid host --network host -v /etc:/host-etc, by a daemon that lacks SYS_RESOURCE itself */
        {"docker-privileged", "PRIVILEGED!!!! PID_HOST!!! NETWORK_HOST!! CGROUPNS_HOST HOST_PATH!!!! ",
         "privileged\npid=host\nnetwork=host\n"},
        /* -v data:/var/lib/db -v /var/run/docker.sock:... -v /srv/lab/share:/mnt/share */
        {"docker-mounts", "CGROUPNS_HOST SOCKET!!!! ", ""},
        /* a pod in the host's network */
        {"cri-sandbox", "NETWORK_HOST!! UTS_HOST! CGROUPNS_HOST SECCOMP!! ",
         "network=host\nuts=host\nseccomp=unconfined\n"},
        /* -v /srv/lab/share:/mnt/share:ro --tmpfs /scratch, with fewer capabilities than Docker */
        {"podman", "CGROUPNS_HOST ", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct place *place;
        set_up((void **)&place);
        read_file(place, table[i].file);
        assert_findings(place, table[i].findings);
        assert_attr(place, LT_ATTR_PRIVILEGES, table[i].privileges);
        assert_int_equal(lt_set_has(place->container.tags, LT_TAG_privileged),
                         strstr(table[i].file, "privileged") != 0);
        assert_int_equal(place->report.failures, 0);
        tear_down((void **)&place);
    }
}

/* One line each: what it changes, for short specifications that nobody wrote. */
#define WITH(process, linux)                                                                                           \
    "{\"process\":{" process "},\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},"                 \
    "{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"cgroup\"}],\"maskedPaths\":[\"/proc/acpi\"],"                   \
    "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ERRNO\"}" linux "}}"
#define DEVICES(rules) ",\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}" rules "]}"

static void test_small(void **state)
{
    (void)state;
    static const struct {
        const char *text, *findings;
    } table[] = {
        {WITH("", ""), ""},
        {WITH("\"apparmorProfile\":\"unconfined\"", ""), "APPARMOR!! "},
        {WITH("\"apparmorProfile\":\"docker-default\"", ""), ""},
        {WITH("", ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"), "SECCOMP!! "},
        {WITH("", ",\"seccomp\":null,\"maskedPaths\":[]"), "SECCOMP!! SYSTEM_PATHS!! "},
        {WITH("", ",\"namespaces\":null"), "PID_HOST!!! NETWORK_HOST!! IPC_HOST!! UTS_HOST! CGROUPNS_HOST "},
        /* whichever set a capability is in */
        {WITH("\"capabilities\":{\"ambient\":[\"CAP_BPF\"],\"bounding\":[\"CAP_BPF\",\"CAP_KILL\"]}", ""),
         "CAPABILITY!!! "},
        /* rules: what is denied again, nodes that cannot be opened, all of a kind, all */
        {WITH("", DEVICES(",{\"allow\":true,\"access\":\"rwm\"},{\"allow\":false,\"access\":\"rwm\"}")), ""},
        {WITH("", DEVICES(",{\"allow\":true,\"type\":\"b\",\"access\":\"m\"}")), ""},
        {WITH("", DEVICES(",{\"allow\":true,\"type\":\"b\",\"access\":\"r\"}")), "DEVICE_RULE!!! "},
        {WITH("", DEVICES(",{\"allow\":true,\"access\":\"rwm\"}")), "DEVICE_RULE!!! "},
        /* memory of the machine, under a harmless name */
        {WITH("", ",\"devices\":[{\"path\":\"/dev/zero\",\"type\":\"c\",\"major\":1,\"minor\":1}]"), "DISK!!!! "},
        {"{\"mounts\":[{\"destination\":\"/mnt\",\"type\":\"ext4\",\"source\":\"/dev/sdb1\"}],\"linux\":{}}",
         "PID_HOST!!! NETWORK_HOST!! IPC_HOST!! UTS_HOST! CGROUPNS_HOST SECCOMP!! SYSTEM_PATHS!! DISK!!!! "},
        /* not of Linux */
        {"{\"windows\":{}}", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct place *place;
        set_up((void **)&place);
        read_text(place, lt_str_c(table[i].text));
        assert_findings(place, table[i].findings);
        tear_down((void **)&place);
    }
}

/* The host's network as Docker before 25 joined it. */
static void test_docker_network(void **state)
{
    struct place *place = *state;
    read_text(place, LT_STR(WITH("", ",\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
                                     "{\"type\":\"cgroup\",\"path\":\"/proc/77/ns/cgroup\"},"
                                     "{\"type\":\"network\",\"path\":\"/var/run/docker/netns/default\"}]")));
    assert_findings(place, "NETWORK_HOST!! ");
    assert_attr(place, LT_ATTR_FACTS, "joins the cgroup namespace /proc/77/ns/cgroup\n");
}

static const struct lt_mount *mount_at(const struct place *place, const char *where)
{
    const struct lt_mount *mount = lt_map_get(&place->container.mount_at, lt_str_c(where));
    if (!mount)
        fail_msg("no mount at %s", where);
    return mount;
}

static void test_mounts(void **state)
{
    struct place *place = *state;
    struct lt_volume volume = {.root = &place->root, .name = LT_STR("intake-data")};
    lt_map_put(&place->root.volume_by_name, &place->arena, volume.name, &volume);
    place->container.id = LT_STR("fe86ada2e2d533072e38a84fd4a199be5027e77ec4bc53f4566798bd21d5377d");
    read_file(place, "docker-mounts");
    assert_attr(
        place, LT_ATTR_MOUNTS,
        "tmpfs -> /scratch rw in memory only\n"
        "tmpfs -> /scratch2 rw in memory only\n"
        "bind /srv/lab/share/in -> /mnt/ro ro\n"
        "bind /srv/lab/share -> /mnt/share rw\n"
        "bind /var/lib/docker/volumes/e78bdbebf33a7d48623fa437b0eca570eacf78c418a97cd42794de241a9ffec3/_data -> "
        "/var/lib/anon rw\n"
        "volume intake-data -> /var/lib/db rw\n"
        "bind /var/run/docker.sock -> /var/run/docker.sock rw\n");
    assert_true(mount_at(place, "/etc/hosts")->automatic && mount_at(place, "/dev/shm")->automatic);
    assert_true(mount_at(place, "/var/lib/anon")->own && !mount_at(place, "/var/run/docker.sock")->own);
    assert_null(lt_map_get(&place->container.mount_at, LT_STR("/proc")));
    assert_null(lt_map_get(&place->container.mount_at, LT_STR("/dev")));
    assert_true(lt_set_has(place->container.tags, LT_TAG_docker_socket));
}

/* Files of a pod are no paths that somebody chose, and neither is a volume that the image asked for. */
static void test_pod(void **state)
{
    struct place *place = *state;
    place->container.id = LT_STR("ac9d4106671da998bb463f1dae15a15423c0e5711185cbdfc5aac7f271cd6bad");
    read_file(place, "cri-container");
    assert_findings(place, "CGROUPNS_HOST SECCOMP!! SYSTEM_PATHS!! ");
    assert_true(mount_at(place, "/scratch")->own && !mount_at(place, "/scratch")->automatic);
    assert_true(mount_at(place, "/var/lib/svc")->own && mount_at(place, "/dev/shm")->automatic);
    assert_attr(place, LT_ATTR_FACTS,
                "working directory /\nuser 0:0\nroot directory rootfs\n"
                "joins the network namespace /proc/1388/ns/net\njoins the ipc namespace /proc/1388/ns/ipc\n"
                "joins the uts namespace /proc/1388/ns/uts\n");
}

/* Nothing is hidden by the way in which a path is written. */
static void test_odd_paths(void **state)
{
    struct place *place = *state;
    place->container.id = LT_STR("ac9d4106671da998bb463f1dae15a15423c0e5711185cbdfc5aac7f271cd6bad");
    read_text(place,
              LT_STR("{\"linux\":{\"seccomp\":{},\"maskedPaths\":[\"/proc/acpi\"],\"namespaces\":[{\"type\":\"pid\"},"
                     "{\"type\":\"network\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},{\"type\":\"cgroup\"}]},\"mounts\":["
                     "{\"destination\":\"/a/../b\",\"type\":\"bind\",\"source\":\"/srv/./ac9d4106671da998bb463f1dae15"
                     "a15423c0e5711185cbdfc5aac7f271cd6bad/../../etc//\"},{\"destination\":\"c\",\"type\":\"bind\","
                     "\"source\":\"/x/volumes/y/_data/../../../../..\"}]}"));
    assert_attr(place, LT_ATTR_MOUNTS, "bind /etc -> /b rw\nbind / -> /c rw\n");
    assert_findings(place, "HOST_PATH!!!! HOST_PATH!!!! ");
}

/* A short ID is no proof that a directory belongs to the container. */
static void test_chosen_id(void **state)
{
    struct place *place = *state;
    place->container.id = LT_STR("etc");
    read_text(place, LT_STR("{\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/etc\"},"
                            "{\"destination\":\"/etc/hosts\",\"type\":\"bind\",\"source\":\"/etc/shadow\"},"
                            "{\"destination\":\"/b/\",\"type\":\"none\",\"source\":\"/root\",\"options\":[\"rbind\","
                            "\"rw\",\"rro\",\"rshared\",\"ridmap\"]},"
                            "{\"destination\":\"/b\",\"type\":\"tmpfs\"},{\"destination\":\"/b\",\"type\":\"none\","
                            "\"source\":\"/srv/volumes/x/_data/y\",\"options\":[\"bind\"]}]}"));
    assert_attr(place, LT_ATTR_MOUNTS,
                "bind /etc -> /a rw\nbind /etc/shadow -> /etc/hosts rw\nbind /srv/volumes/x/_data/y -> /b rw\n");
    assert_false(mount_at(place, "/a")->own || mount_at(place, "/etc/hosts")->own);
    assert_int_equal(place->container.mounts.count, 3);
}

/* --memory-limit 33554432 --cpu-quota 50000 --cpu-period 100000, and docker run --memory 32m --pids-limit 50
 * --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 --ulimit nofile=64:128 */
static void test_limits(void **state)
{
    struct place *place = *state;
    read_file(place, "ctr-limits");
    assert_items(place, &place->container.limits,
                 "memory.limit=33554432\ncpu.quota=50000\ncpu.period=100000\nRLIMIT_NOFILE=1024:1024\n"
                 "cgroupsPath=/default/limits\nno limit of processes\n");
    assert_true(place->container.limits_known && place->container.unlimited);
    assert_true(lt_str_eq(place->container.cgroup_parent, LT_STR("/default")));
    assert_true(lt_str_eq(place->container.tz, LT_STR("Asia/Tokyo")));
    place->container.limits.count = 0;
    read_file(place, "docker-limits");
    place->container.limits.count -= 1; /* cgroupsPath with a long ID */
    assert_items(place, &place->container.limits,
                 "memory.limit=33554432\npids.limit=50\nmemory.swap=67108864\ncpu.shares=512\ncpu.quota=50000\n"
                 "cpu.period=100000\ncpu.cpus=0\nRLIMIT_NOFILE=64:128\n");
    assert_false(place->container.unlimited);
    read_text(place, LT_STR("{\"linux\":{\"cgroupsPath\":\"kubepods.slice:cri-containerd:7\",\"resources\":"
                            "{\"memory\":{\"limit\":-1},\"pids\":{\"limit\":0}}}}"));
    assert_true(place->container.unlimited);
    assert_true(lt_str_eq(place->container.cgroup_parent, LT_STR("kubepods.slice")));
}

static void test_command(void **state)
{
    struct place *place = *state;
    read_file(place, "ctr-plain"); /* echo 'a b' "it's" */
    assert_int_equal(place->facts.attrs[0].key, LT_ATTR_COMMAND);
    assert_string_equal(place->facts.attrs[0].text.ptr, "echo 'a b' 'it'\\''s'");
    assert_attr(place, LT_ATTR_FACTS,
                "working directory /srv/app\nuser 0:0\nroot directory rootfs\nno new privileges\n");
    read_text(place, LT_STR("{\"annotations\":{\"a.b\":\"c\"}}"));
    assert_attr(place, LT_ATTR_LABELS, "a.b=c\n");
    read_text(place, LT_STR("{\"annotations\":{\"d\":\"e\"}}")); /* labels that are there are enough */
    assert_attr(place, LT_ATTR_LABELS, "a.b=c\n");
}

static bool inside(const struct lt_owner *owner, bool group, uint32_t id, uint32_t *out)
{
    const struct lt_idmap *map = lt_owner_idmap(owner, group);
    return map && lt_idmap_inside(map, id, out);
}

/* ctr run --uidmap 0:100000:65536 --gidmap 0:200000:65536 */
static void test_user_namespace(void **state)
{
    struct place *place = *state;
    struct lt_layer rw = {.root = &place->root, .container = &place->container, .role = LT_ROLE_RW};
    struct lt_owner owner = {.root = &place->root, .layer = &rw, .container = &place->container};
    const struct lt_owner image = {.root = &place->root, .layer = &rw};
    uint32_t id;
    read_file(place, "ctr-mapped");
    assert_true(inside(&owner, false, 100033, &id) && id == 33);
    assert_attr(place, LT_ATTR_FACTS,
                "working directory /srv/app\nuser 0:0\nroot directory rootfs\nno new privileges\n"
                "user IDs 0 to 65535 are 100000 to 165535 on the host\n"
                "group IDs 0 to 65535 are 200000 to 265535 on the host\n");
    assert_true(inside(&owner, true, 200000, &id) && id == 0);
    assert_false(inside(&owner, false, 33, &id) || inside(&image, false, 100033, &id));
    assert_false(place->container.host_userns);

    /* What it mounts it sees by the same map, unless the mount maps, or others see it otherwise. */
    struct lt_mount mount = {.writable = true};
    struct lt_container other = place->container;
    struct lt_mount_user users[] = {{.container = &place->container, .mount = &mount},
                                    {.container = &other, .mount = &mount}};
    struct lt_volume volume = {.root = &place->root};
    const struct lt_owner shared = {.root = &place->root, .volume = &volume};
    lt_list_add(&volume.users, &place->arena, &users[0]);
    lt_list_add(&volume.users, &place->arena, &users[1]);
    assert_true(inside(&shared, false, 100001, &id) && id == 1);
    mount.idmapped = true;
    assert_false(inside(&shared, false, 100001, &id));
    mount.idmapped = false;
    other.uids = NULL;
    assert_false(inside(&shared, false, 100001, &id));
}

/* A container of a store with maps that has no user namespace, and ranges that are none. */
static void test_host_users(void **state)
{
    struct place *place = *state;
    struct lt_idmap map = {0};
    struct lt_owner owner = {.root = &place->root, .layer = &(struct lt_layer){0}, .container = &place->container};
    uint32_t id;
    lt_idmap_add(&map, 165536, 65536);
    place->root.uids = place->root.gids = &map;
    assert_true(inside(&owner, false, 165536, &id));
    read_text(place, LT_STR(WITH("", ",\"uidMappings\":[{\"containerID\":0,\"hostID\":-1,\"size\":9},{\"size\":0}]")));
    assert_findings(place, "USERNS_HOST!! ");
    assert_int_equal(place->report.failures, 2);
    place->container.uids = NULL;
    assert_true(place->container.host_userns);
    assert_false(inside(&owner, false, 165536, &id));
}

/* podman run --userns keep-id of the user 1000, whose range begins at 100000: the kernel composes both maps. */
static void test_rootless(void **state)
{
    struct place *place = *state;
    struct lt_idmap map = {0};
    const struct lt_owner owner = {
        .root = &place->root, .layer = &(struct lt_layer){0}, .container = &place->container};
    uint32_t id;
    lt_idmap_add(&map, 1000, 1);
    lt_idmap_add(&map, 100000, 65536);
    place->root.uids = place->root.gids = &map;
    place->root.rootless = true;
    read_text(place, LT_STR(WITH("", ",\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1000},"
                                     "{\"containerID\":1000,\"hostID\":0,\"size\":1},"
                                     "{\"containerID\":1001,\"hostID\":1001,\"size\":64536}]")));
    assert_attr(place, LT_ATTR_FACTS,
                "user IDs 0 to 999 are 100000 to 100999 on the host\n"
                "user IDs 1000 to 1000 are 1000 to 1000 on the host\n"
                "user IDs 1001 to 65536 are 101000 to 165535 on the host\n");
    assert_true(inside(&owner, false, 1000, &id) && id == 1000);
    assert_true(inside(&owner, false, 101000, &id) && id == 1001);
    assert_findings(place, "");
}

/* What the runtime runs on the host (runtime-spec config.md, Hooks). */
static void test_hooks(void **state)
{
    struct place *place = *state;
    read_text(place, LT_STR("{\"hooks\":{\"createRuntime\":[{\"path\":\"/usr/bin/nerdctl\",\"args\":[\"x\"]}],"
                            "\"poststop\":[{\"path\":\"/tmp/a\"}]}}"));
    assert_attr(place, LT_ATTR_FACTS,
                "hook createRuntime runs /usr/bin/nerdctl on the host\nhook poststop runs /tmp/a on the host\n");
}

static void test_nonsense(void **state)
{
    static const char *const texts[] = {
        "[]",
        "{\"process\":7,\"linux\":{\"namespaces\":{},\"devices\":7,\"resources\":[],\"seccomp\":[]},\"mounts\":{}}",
        "{\"mounts\":[7,{},{\"destination\":7},{\"type\":\"bind\"}],\"annotations\":[],\"root\":\"\"}"};
    struct place *place = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        read_text(place, lt_str_c(texts[i]));
    assert_int_equal(place->report.failures, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_privileges),
        cmocka_unit_test(test_small),
        TEST(test_docker_network),
        TEST(test_mounts),
        TEST(test_pod),
        TEST(test_odd_paths),
        TEST(test_chosen_id),
        TEST(test_limits),
        TEST(test_command),
        TEST(test_user_namespace),
        TEST(test_host_users),
        TEST(test_rootless),
        TEST(test_hooks),
        TEST(test_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
