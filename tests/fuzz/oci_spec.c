// SPDX-License-Identifier: Apache-2.0
/* A JSON document, read as the OCI specification of a container: whatever it says, mounts have a place each, findings
 * say why, and what is lost is counted. */
#include "runtime/oci_spec.h"

#include "fuzz.h"
#include "host/exposure.h"
#include "parse/json.h"

static void check_container(const struct lt_container *container)
{
    lt_each (const struct lt_mount, mount, &container->mounts) {
        PROMISE(lt_map_get(&container->mount_at, mount->destination) == mount);
        PROMISE(!mount->destination.len || mount->destination.ptr[0] == '/');
    }
    lt_each (const struct lt_exposure, finding, &container->findings)
        PROMISE(finding->severity != LT_SEV_none && finding->rule < LT_RULES && finding->why && finding->setting.len);
    PROMISE(!container->unlimited || container->limits_known);
    PROMISE(!container->uids || container->uids->count <= LT_MAX_IDRANGES);
}

static void read_spec(const struct json_t *json)
{
    static const char id[] = "fe86ada2e2d533072e38a84fd4a199be5027e77ec4bc53f4566798bd21d5377d";
    struct lt_arena arena = {0};
    struct lt_report report = {.evidence = "spec", .quiet = true};
    struct lt_idmap map = {0};
    struct lt_host host = {0};
    struct lt_root root = {.host = &host, .uids = &map, .gids = &map};
    struct lt_volume volume = {.name = LT_STR("data")};
    struct lt_ctx ctx = {
        .report = &report, .run = &arena, .scratch = &arena, .reader = "fuzz", .host = &host, .root = &root};
    struct lt_container container = {.root = &root, .id = lt_str_c(id)};
    struct lt_facts facts = {.arena = &arena};
    lt_map_put(&root.volume_by_name, &arena, volume.name, &volume);
    lt_oci_spec_read(&ctx, &container, json, LT_STR("/config.json"), &facts);
    check_container(&container);
    PROMISE(facts.count <= LT_ATTRS && lt_report_total(&report).failed == report.failures);
    lt_report_free(&report);
    lt_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_t *json = NULL;
    struct lt_err err = {0};
    const char *flaw;
    if (lt_json_parse((struct lt_str){(const char *)data, size}, &json, &flaw, &err) == LT_OK)
        read_spec(json);
    lt_json_free(json);
    return 0;
}
