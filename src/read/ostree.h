// SPDX-License-Identifier: Apache-2.0
/* Hosts of ostree (Fedora CoreOS, Silverblue): the root of the host is a directory of its file system. */
#ifndef LT_READ_OSTREE_H
#define LT_READ_OSTREE_H

#include "read/context.h"

/* Find the newest deployment of an operating system on ctx->fs: `*root` is its directory, `*var` what the host sees as
 * /var. Both are in scratch. False: there is none. (ostree src/libostree/ostree-sysroot.c, 2024.5:
 * /ostree/deploy/OS/{var,deploy/CHECKSUM.SERIAL}.) */
bool lt_ostree_find(struct lt_ctx *ctx, struct lt_str *root, struct lt_str *var);

#endif
