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
    bool cut;                     /* there are more values */
};

/* Read the file at `path` into scratch. LT_END: it is missing. A failure is reported, and so are parts that are not
 * understood. */
enum lt_status lt_kube_document_read(struct lt_ctx *ctx, struct lt_str path, struct lt_kube_document *out);

/* Store the values of the next document of the file in `*out`: start with `*at` 0, stop at false. */
bool lt_kube_document_next(const struct lt_kube_document *file, size_t *at, struct lt_list *out);

/* The first of the values at `path`, "" if there is none. */
struct lt_str lt_kube_value_at(const struct lt_list *values, const char *path);

#endif
