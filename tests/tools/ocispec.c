// SPDX-License-Identifier: Apache-2.0
/* ocispec ID FILE: what runtime/oci_spec.c reads from an OCI specification of the container ID. Lines of two columns,
 * tab-separated, bytes escaped as names: "tag", "tz", "cgroup_parent", "mount" (automatic, own and idmapped after the
 * rest), "finding" (severity, action, setting, joined by "; "), "limit", and the keys of the facts. Problems go to
 * stderr. */
#include "base/escape.h"
#include "host/exposure.h"
#include "parse/json.h"
#include "runtime/oci_spec.h"

#include <stdio.h>
#include <stdlib.h>

static void put(const char *word, struct lt_str text)
{
    struct lt_buf line = {0};
    lt_escape_name(&line, text, false);
    printf("%s\t%.*s\n", word, LT_ARG(lt_buf_view(&line)));
    lt_buf_free(&line);
}

static void put_attr(const struct lt_attr *attr)
{
    if (attr->text.len)
        put(lt_attr_infos[attr->key].name, attr->text);
    lt_each (const struct lt_str, item, &attr->items)
        put(lt_attr_infos[attr->key].name, *item);
}

static void put_findings(struct lt_ctx *ctx, const struct lt_container *container)
{
    static const char *const severities[] = {"none", "info", "low", "medium", "high", "critical"};
    lt_each (const struct lt_exposure, finding, &container->findings) {
        struct lt_facts facts = lt_exposure_facts(ctx, finding);
        put("finding", lt_str_format(ctx->scratch, "%s; %.*s; %.*s", severities[finding->severity],
                                     LT_ARG(facts.attrs[0].text), LT_ARG(finding->setting)));
    }
}

static void put_mounts(struct lt_ctx *ctx, const struct lt_container *container)
{
    lt_each (const struct lt_mount, mount, &container->mounts)
        put("mount", lt_str_format(ctx->scratch, "%.*s %.*s -> %.*s %s%s%s%s", LT_ARG(mount->type),
                                   LT_ARG(mount->source), LT_ARG(mount->destination), mount->writable ? "rw" : "ro",
                                   mount->automatic ? " automatic" : "", mount->own ? " own" : "",
                                   mount->idmapped ? " idmapped" : ""));
}

static void put_tags(lt_tags tags)
{
    for (unsigned i = 0; i < LT_TAGS; i++)
        if (lt_set_has(tags, i))
            put("tag", lt_str_c(lt_tag_names[i]));
}

int main(int argc, char **argv)
{
    struct lt_arena arena = {0};
    struct lt_report report = {.evidence = "spec"};
    struct lt_root root = {0};
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    struct lt_buf text = {0};
    struct json_t *json = NULL;
    const char *flaw;
    struct lt_err err = {0};
    if (!file)
        return 2;
    for (int byte; (byte = getc(file)) != EOF;)
        lt_buf_char(&text, (char)byte);
    struct lt_ctx ctx = {.report = &report, .run = &arena, .scratch = &arena, .reader = "ocispec", .root = &root};
    struct lt_container container = {.root = &root, .id = lt_str_c(argv[1])};
    struct lt_facts facts = {.arena = &arena};
    if (lt_json_parse(lt_buf_view(&text), &json, &flaw, &err) != LT_OK) {
        fprintf(stderr, "not JSON\n");
        return 1;
    }
    lt_oci_spec_read(&ctx, &container, json, lt_str_c(argv[2]), &facts);
    put_tags(container.tags);
    put("tz", container.tz);
    put("cgroup_parent", container.cgroup_parent);
    put_mounts(&ctx, &container);
    put_findings(&ctx, &container);
    lt_each (const struct lt_str, limit, &container.limits)
        put("limit", *limit);
    for (size_t i = 0; i < facts.count; i++)
        put_attr(&facts.attrs[i]);
    lt_json_free(json);
    lt_buf_free(&text);
    lt_report_free(&report);
    lt_arena_free(&arena);
    fclose(file);
    return 0;
}
