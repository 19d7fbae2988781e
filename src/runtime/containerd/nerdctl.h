// SPDX-License-Identifier: Apache-2.0
/* nerdctl's data beside a store of containerd. The layout is described in nerdctl.c. */
#ifndef LT_RUNTIME_CONTAINERD_NERDCTL_H
#define LT_RUNTIME_CONTAINERD_NERDCTL_H

#include "runtime/containerd/containerd.h"

/* Directories of nerdctl that belong to the current store: of struct lt_str *, in the run arena. They are those that
 * labels of its containers name. Those in the default place belong to the host's first store that is not rootless,
 * since only a hash of its address tells whose they are; those beside a rootless store belong to it. */
struct lt_list lt_nerdctl_places(struct lt_ctx *ctx);

/* Add them to the walk, and say whose everything in them is. Once all sources have filled the inventory. */
void lt_nerdctl_give(struct lt_ctx *ctx);

#endif
