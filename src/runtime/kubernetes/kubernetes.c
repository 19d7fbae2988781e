// SPDX-License-Identifier: Apache-2.0
#include "runtime/kubernetes/kubernetes.h"

#include "parse/ident.h"

extern const struct lt_source lt_source_kubernetes_log, lt_source_kubernetes_pods, lt_source_kubernetes_state,
    lt_source_kubernetes_static, lt_source_kubernetes_config;

static const struct lt_source *const sources[] = {
    &lt_source_kubernetes_config, &lt_source_kubernetes_static, &lt_source_kubernetes_pods,
    &lt_source_kubernetes_state,  &lt_source_kubernetes_log,    NULL,
};

const struct lt_runtime lt_runtime_kubernetes = {
    .name = "kubernetes",
    .title = "Kubernetes",
    .store = "directory",
    .source_short = "KUBERNETES",
    .log_line = LT_KIND_CRI_LOG_LINE,
    .places = lt_kube_places,
    .in_volumes = lt_kube_in_volumes,
    .bid = lt_kube_bid,
    .marks = lt_kube_marks,
    .parts = lt_kube_parts,
    .shape = "directories of pods, or of their logs",
    .settings = lt_kube_settings,
    .root_size = sizeof(struct lt_kube_root),
    .is_id = lt_is_id,
    .sources = sources,
    .link = lt_kube_link,
    .log_of = lt_kube_log_of,
};
