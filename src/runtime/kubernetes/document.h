// SPDX-License-Identifier: Apache-2.0
/* Manifests and configurations, in YAML or JSON, as lists of values. */
#ifndef LT_RUNTIME_KUBERNETES_DOCUMENT_H
#define LT_RUNTIME_KUBERNETES_DOCUMENT_H

#include "read/context.h"

/* A value, as in parse/yamllines.h. Numbers and booleans are text. */
struct lt_kube_value {
    struct lt_str path, text;
    unsigned index, inner;
    unsigned document; /* number of the document in its file */
};

struct lt_kube_document {
    struct lt_str path;
    struct lt_time written, born; /* mtime and birth of the file */
    struct lt_list values;        /* of struct lt_kube_value *, in the order of the file */
    unsigned documents;
    bool cut; /* there are more values */
};

/* Read the file at `path` into scratch. LT_END: it is missing. A failure is reported, and so are parts that are not
 * understood. */
enum lt_status lt_kube_document_read(struct lt_ctx *ctx, struct lt_str path, struct lt_kube_document *out);

/* The first value at `path` of document `number`, "" if there is none. */
struct lt_str lt_kube_document_at(const struct lt_kube_document *document, unsigned number, const char *path);

#endif
