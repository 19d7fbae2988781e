// SPDX-License-Identifier: Apache-2.0
/* How the kubelet is configured (kubernetes staging/src/k8s.io/kubelet/config/v1beta1/types.go, 1.33): config.yaml in
 * its root, kubelet-config.yaml beside that (k0s), files below /etc/kubernetes/kubelet (EKS), and the command line that
 * kubeadm writes to kubeadm-flags.env. The defaults of a file are safe: nobody is anonymous, the API server is asked,
 * and no port is open without a key. Those of the command line alone are not, which is not told here. */
#include "host/exposure.h"
#include "runtime/kubernetes/document.h"
#include "runtime/kubernetes/kubernetes.h"

#include "parse/redact.h"
#include "parse/words.h"

enum { MAX_FLAGS = 65536, FILES = 5 };

/* A setting, and the option of the command line that it had before. */
static const struct known {
    const char *path, *option;
} known[] = {
    {"authentication.anonymous.enabled", "--anonymous-auth"},
    {"authorization.mode", "--authorization-mode"},
    {"readOnlyPort", "--read-only-port"},
    {"staticPodPath", "--pod-manifest-path"},
    {"address", "--address"},
    {"port", "--port"},
    {"staticPodURL", "--manifest-url"},
    {"containerLogMaxSize", "--container-log-max-size"},
    {"containerLogMaxFiles", "--container-log-max-files"},
    {"containerRuntimeEndpoint", "--container-runtime-endpoint"},
    {"authentication.x509.clientCAFile", "--client-ca-file"},
    {"rotateCertificates", "--rotate-certificates"},
};

/* The finding for a setting: LT_SEV_none, and a rule that does not count, if it is not worth a row. */
static struct lt_exposure finding_of(struct lt_str path, struct lt_str value, struct lt_str setting)
{
    if (lt_str_eq(path, LT_STR("authentication.anonymous.enabled")) && lt_str_eq(value, LT_STR("true")))
        return lt_exposure_of(LT_RULE_KUBELET_ANONYMOUS, setting);
    if (lt_str_eq(path, LT_STR("authorization.mode")) && lt_str_eq(value, LT_STR("AlwaysAllow")))
        return lt_exposure_of(LT_RULE_KUBELET_ALLOW, setting);
    if (lt_str_eq(path, LT_STR("readOnlyPort")) && !lt_str_eq(value, LT_STR("0")))
        return lt_exposure_of(LT_RULE_KUBELET_READ_ONLY, setting);
    if (lt_str_eq(path, LT_STR("staticPodPath")) || lt_str_eq(path, LT_STR("staticPodURL")))
        return lt_exposure_of(LT_RULE_STATIC_PODS, setting);
    return (struct lt_exposure){0};
}

static struct lt_event event_of(struct lt_ctx *ctx, const struct lt_kube_document *file)
{
    return (struct lt_event){
        .kind = LT_KIND_HOST_EXPOSED,
        .time = {file->written},
        .owner = &ctx->root->owner,
        .where = {.file = file->path, .field = "mtime"},
    };
}

static const char *known_path(struct lt_str path)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (lt_str_eq(path, lt_str_c(known[i].path)))
            return known[i].path;
    return NULL;
}

/* A row for the file, and one for each setting that exposes something. */
static enum lt_status emit_file(struct lt_ctx *ctx, const struct lt_kube_document *file, struct lt_err *err)
{
    const struct lt_exposure configured = lt_exposure_of(LT_RULE_CONFIGURED, LT_STR(""));
    struct lt_facts facts = lt_exposure_facts(ctx, &configured);
    struct lt_event event = event_of(ctx, file);
    lt_each (const struct lt_kube_value, value, &file->values)
        if (known_path(value->path))
            lt_facts_item(&facts, LT_ATTR_FACTS, "%.*s=%.*s", LT_ARG(value->path), LT_ARG(value->text));
    enum lt_status status = lt_exposure_emit(ctx, &configured, &facts, &event, err);
    lt_each (const struct lt_kube_value, value, &file->values) {
        struct lt_str text = lt_str_format(ctx->scratch, "%.*s=%.*s", LT_ARG(value->path), LT_ARG(value->text));
        struct lt_exposure finding = finding_of(value->path, value->text, text);
        if (status != LT_OK || finding.severity == LT_SEV_none)
            continue;
        facts = lt_exposure_facts(ctx, &finding);
        event = event_of(ctx, file);
        status = lt_exposure_emit(ctx, &finding, &facts, &event, err);
    }
    return status;
}

/* The command line as a document with the settings that its options set. */
static enum lt_status read_flags(struct lt_ctx *ctx, struct lt_str path, struct lt_kube_document *out)
{
    struct lt_str text, word;
    struct lt_node node;
    *out = (struct lt_kube_document){.path = path};
    if (lt_stat_or_skip(ctx, path, &node) != LT_OK ||
        lt_read_or_skip(ctx, path, MAX_FLAGS, LT_OPTIONAL, &text) != LT_OK)
        return LT_END;
    out->written = node.time[LT_M];
    lt_str_cut(&text, '"'); /* KUBELET_KUBEADM_ARGS="--a=b --c=d" */
    text = lt_str_cut(&text, '"');
    while (lt_word_next(&text, ctx->scratch, &word) == LT_OK) {
        struct lt_str value = word, option = lt_str_cut(&value, '=');
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            if (!lt_str_eq(option, lt_str_c(known[i].option)))
                continue;
            struct lt_kube_value *item = lt_new(ctx->scratch, struct lt_kube_value);
            *item = (struct lt_kube_value){.path = lt_str_c(known[i].path), .text = value};
            lt_list_add(&out->values, ctx->scratch, item);
        }
    }
    return LT_OK;
}

/* Read the file of configuration with this number. LT_END: it is not there. */
static enum lt_status read_config(struct lt_ctx *ctx, size_t number, struct lt_kube_document *out)
{
    const struct lt_str places[FILES] = {
        lt_path_join(ctx->scratch, ctx->root->path, LT_STR("config.yaml")),
        lt_path_join(ctx->scratch, lt_str_dirname(ctx->root->path), LT_STR("kubelet-config.yaml")),
        LT_STR("/etc/kubernetes/kubelet/kubelet-config.json"),
        LT_STR("/etc/kubernetes/kubelet/config.json"),
        lt_path_join(ctx->scratch, ctx->root->path, LT_STR("kubeadm-flags.env")),
    };
    struct lt_str real;
    if (lt_resolve_or_skip(ctx, places[number], &real) != LT_OK)
        return LT_END;
    return number + 1 < FILES ? lt_kube_document_read(ctx, real, out) : read_flags(ctx, real, out);
}

static enum lt_status config_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_kube_document file;
    enum lt_status status = LT_OK;
    if (lt_kube_root(ctx->root)->is_log)
        return LT_OK;
    for (size_t i = 0; status == LT_OK && i < FILES; i++) {
        if (read_config(ctx, i, &file) != LT_OK)
            continue;
        struct lt_str static_pods = lt_kube_value_at(&file.values, "staticPodPath");
        if (static_pods.len) /* for the reader of these, which comes later */
            lt_kube_root(ctx->root)->static_pods = lt_str_dup(ctx->run, static_pods);
        status = emit_file(ctx, &file, err);
    }
    return status;
}

const struct lt_source lt_source_kubernetes_config = {
    .name = "kubernetes_config",
    .summary = "the kubelet's configuration: what exposes the node",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_SETTINGS,
    .events = config_events,
};
