// SPDX-License-Identifier: Apache-2.0
/* What the CRI plug-in keeps of containers and of sandboxes of pods (containerd internal/cri/store/{container,sandbox},
 * internal/cri/server/restart.go, 1.6 to 2.3):
 *
 *   extensions of the record in meta.db, JSON in a google.protobuf.Any:
 *     io.cri-containerd.container.metadata   Metadata.{SandboxID,LogPath,ImageRef,Config.metadata.{name,attempt}}
 *     io.cri-containerd.sandbox.metadata     Metadata.{IP,RuntimeHandler,NetNSPath,Config.{hostname,metadata...}}
 *   io.containerd.grpc.v1.cri/containers/<ID>/status   JSON; times in nanoseconds since 1970, 0 is none. If containerd
 *                                          lost track of a container, it sets FinishedAt when it notices, with the
 * reason "Unknown" and exit code 255 io.containerd.grpc.v1.cri/sandboxes/<ID>/{hostname,hosts,resolv.conf}   written
 * when the pod starts */
#include "runtime/containerd/containerd.h"

#include "parse/json.h"
#include "read/facts.h"

static struct json_t *parse_extension(struct lt_ctx *ctx, const struct lt_containerd_record *record, const char *name)
{
    struct lt_str any = lt_containerd_pair(&record->extensions, name);
    return lt_containerd_json_or_skip(ctx, record, lt_str_format(ctx->scratch, "extensions/%s", name).ptr, any);
}

static void add_identifier(struct lt_ctx *ctx, struct lt_container *container, const char *name, struct lt_str value)
{
    lt_identifier_add(ctx->inventory, &container->identifiers, name, lt_str_dup(ctx->run, value));
}

static void read_container_metadata(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *json)
{
    int64_t attempt = 0;
    lt_json_int(json, "Metadata.Config.metadata.attempt", &attempt);
    add_identifier(ctx, container, "sandbox_identifier", lt_json_str(json, "Metadata.SandboxID"));
    add_identifier(ctx, container, "attempt", lt_str_format(ctx->scratch, "%jd", (intmax_t)attempt));
    add_identifier(ctx, container, "log_path", lt_json_str(json, "Metadata.LogPath"));
    add_identifier(ctx, container, "image_reference", lt_json_str(json, "Metadata.ImageRef"));
}

static void read_sandbox_metadata(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *json,
                                  struct lt_facts *facts)
{
    const char *config = "Metadata.Config.";
    struct {
        const char *field;
        struct lt_str *to;
    } const names[] = {{"metadata.uid", &container->pod},
                       {"metadata.name", &container->pod_name},
                       {"metadata.namespace", &container->pod_namespace}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct lt_str field = lt_str_format(ctx->scratch, "%s%s", config, names[i].field);
        if (!names[i].to->len)
            *names[i].to = lt_str_dup(ctx->run, lt_json_str(json, field.ptr));
    }
    lt_fact(facts, "address", lt_json_str(json, "Metadata.IP"));
    lt_fact(facts, "runtime handler", lt_json_str(json, "Metadata.RuntimeHandler"));
    lt_fact(facts, "network namespace", lt_json_str(json, "Metadata.NetNSPath"));
    lt_fact(facts, "log directory", lt_json_str(json, "Metadata.Config.log_directory"));
}

static struct lt_time nanos(const struct json_t *json, const char *field)
{
    const int64_t second = 1000000000;
    int64_t number;
    if (!lt_json_int(json, field, &number) || number <= 0)
        return (struct lt_time){0};
    return lt_time_at(number / second, (uint32_t)(number % second));
}

static void read_status(struct lt_ctx *ctx, struct lt_container *container, struct lt_facts *facts)
{
    struct lt_containerd_container *own = lt_containerd_container(container);
    struct json_t *json;
    int64_t exit_code = 0;
    struct lt_str path = lt_path_join(ctx->run, own->cri, LT_STR("status"));
    if (lt_read_json_or_skip(ctx, path, LT_REQUIRED, &json) != LT_OK)
        return;
    struct lt_str reason = lt_json_str(json, "Reason");
    own->cri_created = nanos(json, "CreatedAt");
    if (own->cri_created.set)
        container->created = own->cri_created;
    container->started = nanos(json, "StartedAt");
    container->finished = nanos(json, "FinishedAt");
    container->running = container->started.set && !container->finished.set;
    lt_json_int(json, "Pid", &container->pid);
    lt_json_int(json, "ExitCode", &exit_code);
    if (container->finished.set && exit_code == 255 && lt_str_eq(reason, LT_STR("Unknown")))
        lt_container_found_dead(ctx->inventory, container, path, "FinishedAt");
    lt_facts_text(facts, LT_ATTR_STATE,
                  container->finished.set  ? LT_STR("exited")
                  : container->started.set ? LT_STR("running")
                                           : LT_STR("created"));
    if (container->finished.set)
        lt_facts_int(facts, LT_ATTR_EXIT_CODE, exit_code);
    lt_fact(facts, "reason", reason);
    lt_fact(facts, "message", lt_json_str(json, "Message"));
    lt_json_free(json);
}

void lt_cri_read(struct lt_ctx *ctx, struct lt_container *container, struct lt_facts *facts)
{
    struct lt_containerd_container *own = lt_containerd_container(container);
    const char *folder = container->infra ? "sandboxes" : "containers";
    struct lt_str path = lt_path_join(
        ctx->run, lt_root_path(ctx, lt_str_format(ctx->scratch, "io.containerd.grpc.v1.cri/%s", folder).ptr),
        container->id);
    struct lt_node node;
    if (!lt_containerd_pair(&own->record->labels, "io.cri-containerd.kind").len)
        return;
    struct json_t *metadata = parse_extension(ctx, own->record,
                                              container->infra ? "io.cri-containerd.sandbox.metadata"
                                                               : "io.cri-containerd.container.metadata");
    if (container->infra)
        read_sandbox_metadata(ctx, container, metadata, facts);
    else
        read_container_metadata(ctx, container, metadata);
    lt_json_free(metadata);
    if (lt_stat_or_skip(ctx, path, &node) != LT_OK)
        return;
    container->path = own->cri = path;
    if (!container->infra)
        read_status(ctx, container, facts);
}
