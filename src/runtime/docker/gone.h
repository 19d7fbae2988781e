// SPDX-License-Identifier: Apache-2.0
/* What the path of a deleted file of a data root says. */
#ifndef LT_RUNTIME_DOCKER_GONE_H
#define LT_RUNTIME_DOCKER_GONE_H

#include "model/inventory.h"
#include "model/runtime.h"

/* What such a file was. */
enum lt_docker_gone_kind {
    LT_GONE_FILE,       /* anything else */
    LT_GONE_CONFIG,     /* a saved config.v2.json */
    LT_GONE_HOSTCONFIG, /* a saved hostconfig.json */
    LT_GONE_RW_NAME,    /* mount-id: the name of the rw layer's directory */
    LT_GONE_INIT_NAME,  /* init-id: that of the init layer */
    LT_GONE_PARENT,     /* parent: the chain of its image */
    LT_GONE_IMAGE,      /* the configuration of an image */
    LT_GONE_NAMES,      /* a saved repositories.json */
    LT_GONE_VOLUME,     /* the directory of a volume */
    LT_GONE_LASTING,    /* what lies there as long as the container does, and is not replaced */
};

/* See lt_runtime.gone. `*kind` says more of what is in no layer. */
bool lt_docker_gone_path(const struct lt_root *root, struct lt_str path, struct lt_gone *out,
                         enum lt_docker_gone_kind *kind);
bool lt_docker_gone(const struct lt_root *root, struct lt_str path, struct lt_gone *out);

#endif
