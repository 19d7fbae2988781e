// SPDX-License-Identifier: Apache-2.0
/* Pods that a node starts from files, without asking the cluster: a file that is put there runs at once, and again
 * after each boot. The kubelet reads the files of its staticPodPath but for those whose names begin with a dot
 * (kubernetes pkg/kubelet/config/file.go, 1.33). k3s, RKE2 and k0s give what is in their own directories to the cluster
 * (k3s pkg/deploy/controller.go, v1.33; k0s pkg/applier). Manifests are read line by line: see parse/yamllines.h. */
#include "host/exposure.h"
#include "runtime/kubernetes/document.h"
#include "runtime/kubernetes/kubernetes.h"

/* A document, and what its rows share. */
struct manifest {
    struct lt_ctx *ctx;
    const struct lt_kube_document *file;
    struct lt_list values; /* of struct lt_kube_value *: those of the document */
    struct lt_map mounts;  /* see mount_of() */
    struct lt_map volumes; /* name -> struct mount *: one that is writable if there is any */
    struct lt_map names;   /* number of a volume -> struct lt_str *: its name */
    const struct lt_owner *owner;
    struct lt_str name, namespace, note;
    bool inferred; /* the owner is */
};

/* A mount of a volume in a container. */
struct mount {
    struct lt_str volume;
    bool read_only;
};

/* What follows the path of the pod's settings: a pod's own, those in a Deployment and its like, in a CronJob. */
static bool in_spec(const struct lt_kube_value *value, struct lt_str *rest)
{
    static const char *const specs[] = {"spec.jobTemplate.spec.template.spec.", "spec.template.spec.", "spec."};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        if (lt_str_starts(value->path, lt_str_c(specs[i]))) {
            *rest = lt_str_skip(value->path, strlen(specs[i]));
            return true;
        }
    return false;
}

/* The same below one of its containers, init containers included. */
static bool in_container(struct lt_str path, struct lt_str *rest)
{
    static const char *const lists[] = {"containers[].", "initContainers[]."};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (lt_str_starts(path, lt_str_c(lists[i]))) {
            *rest = lt_str_skip(path, strlen(lists[i]));
            return true;
        }
    return false;
}

static bool is_true(struct lt_str text)
{
    return lt_str_eq(text, LT_STR("true")) || lt_str_eq(text, LT_STR("True")) || lt_str_eq(text, LT_STR("TRUE"));
}

/* The mount that a value at "...volumeMounts[].<key>" belongs to. */
static struct mount *mount_of(struct manifest *manifest, const struct lt_kube_value *value)
{
    struct lt_arena *arena = manifest->ctx->scratch;
    const char *dot = memrchr(value->path.ptr, '.', value->path.len);
    struct lt_str list = {value->path.ptr, (size_t)(dot - value->path.ptr)};
    struct lt_str key = lt_str_format(arena, "%.*s %u %u", LT_ARG(list), value->index, value->inner);
    struct mount *mount = lt_map_get(&manifest->mounts, key);
    if (!mount) {
        mount = lt_new(arena, struct mount);
        lt_map_put(&manifest->mounts, arena, key, mount);
    }
    return mount;
}

static void index_values(struct manifest *manifest)
{
    struct lt_arena *arena = manifest->ctx->scratch;
    struct lt_str rest, part;
    lt_each (struct lt_kube_value, value, &manifest->values) {
        if (!in_spec(value, &rest))
            continue;
        if (lt_str_eq(rest, LT_STR("volumes[].name")))
            lt_map_put(&manifest->names, arena, lt_str_format(arena, "%u", value->index), &value->text);
        if (!in_container(rest, &part))
            continue;
        if (lt_str_eq(part, LT_STR("volumeMounts[].name")))
            mount_of(manifest, value)->volume = value->text;
        else if (lt_str_eq(part, LT_STR("volumeMounts[].readOnly")))
            mount_of(manifest, value)->read_only = is_true(value->text);
    }
    lt_each (const struct lt_kube_value, value, &manifest->values) {
        if (!in_spec(value, &rest) || !in_container(rest, &part) || !lt_str_eq(part, LT_STR("volumeMounts[].name")))
            continue;
        struct mount *mount = mount_of(manifest, value);
        if (!mount->read_only || !lt_map_get(&manifest->volumes, mount->volume))
            lt_map_put(&manifest->volumes, arena, mount->volume, mount);
    }
}

/* Does any container mount this volume writable? It may be that the reader did not understand where it is mounted: if
 * it seems that nobody mounts it, the worst is assumed. */
static bool is_writable(const struct manifest *manifest, struct lt_str volume)
{
    const struct mount *mount = lt_map_get(&manifest->volumes, volume);
    return !mount || !mount->read_only;
}

/* The name of the volume with this number. */
static struct lt_str volume_name(const struct manifest *manifest, unsigned index)
{
    const struct lt_str *name = lt_map_get(&manifest->names, lt_str_format(manifest->ctx->scratch, "%u", index));
    return name ? *name : LT_STR("");
}

static struct lt_str setting(const struct manifest *manifest, struct lt_str key, struct lt_str value)
{
    return lt_str_format(manifest->ctx->scratch, "%.*s=%.*s", LT_ARG(key), LT_ARG(value));
}

/* The finding for a value, LT_SEV_none if it exposes nothing. */
static struct lt_exposure finding_of(const struct manifest *manifest, const struct lt_kube_value *value)
{
    static const struct {
        const char *path;
        enum lt_rule rule;
    } rules[] = {
        {"hostPID", LT_RULE_PID_HOST},
        {"hostNetwork", LT_RULE_NETWORK_HOST},
        {"hostIPC", LT_RULE_IPC_HOST},
        {"containers[].securityContext.privileged", LT_RULE_PRIVILEGED},
        {"initContainers[].securityContext.privileged", LT_RULE_PRIVILEGED},
    };
    struct lt_str rest, part;
    if (!in_spec(value, &rest))
        return (struct lt_exposure){0};
    struct lt_str text = setting(manifest, rest, value->text);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (is_true(value->text) && lt_str_eq(rest, lt_str_c(rules[i].path)))
            return lt_exposure_of(rules[i].rule, text);
    if (lt_str_eq(rest, LT_STR("volumes[].hostPath.path")))
        return lt_exposure_mount(value->text, is_writable(manifest, volume_name(manifest, value->index)), text);
    if (in_container(rest, &part) && lt_str_eq(part, LT_STR("securityContext.capabilities.add[]")))
        return lt_exposure_capability(value->text, text);
    return (struct lt_exposure){0};
}

/* --- rows --- */

static struct lt_event event_of(const struct manifest *manifest, enum lt_kind kind)
{
    return (struct lt_event){
        .kind = kind,
        .time = {manifest->file->written},
        .owner = manifest->owner,
        .where = {.file = manifest->file->path, .field = "mtime"},
        .tags = manifest->inferred ? LT_TAG_BIT(owner_inferred) : 0,
    };
}

static void add_value(const struct manifest *manifest, const struct lt_kube_value *value, struct lt_buf *command,
                      struct lt_facts *facts)
{
    struct lt_str rest, part;
    if (!in_spec(value, &rest))
        return;
    if (lt_str_eq(rest, LT_STR("volumes[].hostPath.path"))) {
        lt_facts_item(facts, LT_ATTR_MOUNTS, "%.*s %s", LT_ARG(value->text),
                      is_writable(manifest, volume_name(manifest, value->index)) ? "rw" : "ro");
        return;
    }
    if (finding_of(manifest, value).severity)
        lt_facts_item(facts, LT_ATTR_PRIVILEGES, "%.*s=%.*s", LT_ARG(rest), LT_ARG(value->text));
    if (!in_container(rest, &part))
        return;
    if (lt_str_eq(part, LT_STR("name")))
        lt_fact(facts, "container", value->text);
    else if (lt_str_eq(part, LT_STR("image")))
        lt_fact(facts, "image", value->text);
    if (value->index || !lt_str_starts(rest, LT_STR("containers[].")))
        return;
    if (lt_str_eq(part, LT_STR("image"))) {
        lt_facts_text(facts, LT_ATTR_IMAGE, value->text);
    } else if (lt_str_eq(part, LT_STR("command[]")) || lt_str_eq(part, LT_STR("args[]"))) {
        if (command->len)
            lt_buf_char(command, ' ');
        lt_buf_add(command, value->text);
    }
}

static enum lt_status emit_manifest(const struct manifest *manifest, struct lt_err *err)
{
    struct lt_facts facts = {.arena = manifest->ctx->scratch};
    struct lt_event event = event_of(manifest, LT_KIND_POD_MANIFEST);
    struct lt_buf command = {0}, born = {0};
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("start what a file says"));
    lt_fact(&facts, "kind", lt_kube_value_at(&manifest->values, "kind"));
    lt_fact(&facts, "name", manifest->name);
    lt_fact(&facts, "namespace", manifest->namespace);
    lt_each (const struct lt_kube_value, value, &manifest->values)
        add_value(manifest, value, &command, &facts);
    lt_facts_text(&facts, LT_ATTR_COMMAND, lt_buf_view(&command));
    if (manifest->file->born.set) {
        lt_time_iso(&born, manifest->file->born, 9);
        lt_buf_char(&born, 'Z');
        lt_fact(&facts, "the file was born", lt_buf_view(&born));
    }
    if (manifest->note.len)
        lt_fact(&facts, "note:", manifest->note);
    lt_buf_free(&command);
    lt_buf_free(&born);
    return lt_facts_emit(&facts, manifest->ctx, &event, err);
}

static enum lt_status emit_finding(const struct manifest *manifest, const struct lt_exposure *finding,
                                   struct lt_err *err)
{
    struct lt_facts facts = lt_exposure_facts(manifest->ctx, finding);
    struct lt_event event = event_of(manifest, LT_KIND_HOST_EXPOSED);
    lt_fact(&facts, "pod", manifest->name);
    return lt_exposure_emit(manifest->ctx, finding, &facts, &event, err);
}

/* The kubelet names the pod "<name>-<node>", and most nodes have the name of the host. */
static void find_owner(struct manifest *manifest)
{
    struct lt_ctx *ctx = manifest->ctx;
    struct lt_str name = lt_str_format(ctx->scratch, "%.*s-%.*s", LT_ARG(manifest->name), LT_ARG(ctx->host->hostname));
    const struct lt_kube_pod *pod = lt_kube_pod_named(ctx, name, manifest->namespace);
    manifest->owner = &ctx->host->owner;
    if (!pod || !pod->itself)
        return;
    struct lt_owner *owner = lt_new(ctx->run, struct lt_owner);
    *owner = pod->itself->owner;
    owner->role = LT_ROLE_HOST;
    manifest->owner = owner;
    manifest->inferred = true;
}

static enum lt_status read_document(struct manifest *manifest, struct lt_err *err)
{
    manifest->name = lt_kube_value_at(&manifest->values, "metadata.name");
    manifest->namespace = lt_kube_value_at(&manifest->values, "metadata.namespace");
    if (!manifest->namespace.len)
        manifest->namespace = LT_STR("default");
    index_values(manifest);
    find_owner(manifest);
    enum lt_status status = emit_manifest(manifest, err);
    lt_each (const struct lt_kube_value, value, &manifest->values) {
        struct lt_exposure finding = finding_of(manifest, value);
        if (status == LT_OK && finding.severity != LT_SEV_none)
            status = emit_finding(manifest, &finding, err);
    }
    return status;
}

static enum lt_status read_manifest(struct lt_ctx *ctx, struct lt_str path, struct lt_err *err)
{
    struct lt_kube_document file;
    enum lt_status status = LT_OK;
    if (lt_kube_document_read(ctx, path, &file) != LT_OK)
        return LT_OK;
    struct manifest manifest = {.ctx = ctx, .file = &file};
    for (size_t at = 0; status == LT_OK && lt_kube_document_next(&file, &at, &manifest.values);) {
        if (lt_str_starts(lt_str_basename(path), LT_STR(".")))
            manifest.note = LT_STR("the kubelet ignores files whose names begin with a dot");
        status = read_document(&manifest, err);
        manifest = (struct manifest){.ctx = ctx, .file = &file};
    }
    return status;
}

/* All files of a directory, and of those in it. */
static enum lt_status read_directory(struct lt_ctx *ctx, struct lt_str path, bool deep, struct lt_err *err)
{
    struct lt_listing listing;
    struct lt_str real;
    enum lt_status status = LT_OK;
    if (lt_resolve_or_skip(ctx, path, &real) != LT_OK)
        return LT_OK;
    lt_list_or_skip(ctx, real, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++) {
        struct lt_str file = lt_path_join(ctx->scratch, real, listing.nodes[i].name);
        if (S_ISREG(listing.nodes[i].mode))
            status = read_manifest(ctx, file, err);
        else if (S_ISDIR(listing.nodes[i].mode) && deep)
            status = read_directory(ctx, file, false, err);
    }
    return status;
}

static enum lt_status manifests_events(struct lt_ctx *ctx, struct lt_err *err)
{
    static const char *const directories[] = {
        "/etc/kubernetes/manifests",
        "/var/lib/rancher/k3s/agent/pod-manifests",
        "/var/lib/rancher/rke2/agent/pod-manifests",
        "/var/lib/rancher/k3s/server/manifests",
        "/var/lib/rancher/rke2/server/manifests",
        "/var/lib/k0s/manifests",
    };
    enum lt_status status = LT_OK;
    for (size_t i = 0; status == LT_OK && i < sizeof directories / sizeof *directories; i++)
        status = read_directory(ctx, lt_str_c(directories[i]), true, err);
    lt_each (const struct lt_root, root, &ctx->host->roots) {
        struct lt_str path = lt_kube_is_root(root) ? lt_kube_root(root)->static_pods : LT_STR("");
        bool usual = !path.len;
        for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
            usual |= lt_str_eq(path, lt_str_c(directories[i]));
        if (status == LT_OK && !usual)
            status = read_directory(ctx, path, false, err);
    }
    return status;
}

const struct lt_source lt_source_kubernetes_static = {
    .name = "kubernetes_static",
    .summary = "/etc/kubernetes/manifests and the like: pods that a node starts from files, and what they expose",
    .scope = LT_PER_FS,
    .stage = LT_STAGE_CONTAINERS,
    .events = manifests_events,
};
