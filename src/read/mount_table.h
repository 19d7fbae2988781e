// SPDX-License-Identifier: Apache-2.0
/* What a host mounts from disks, by its own settings: /etc/fstab and mount units (man 5 systemd.mount). */
#ifndef LT_READ_MOUNT_TABLE_H
#define LT_READ_MOUNT_TABLE_H

#include "parse/fstab.h"
#include "read/context.h"

/* Read the table of `host`, whose root is host->etc, into host->placed and ->root_device. What it mounts at its root,
 * at no place, or from no disk is left out. Lines that cannot be read are reported. */
void lt_mount_table_read(struct lt_ctx *ctx, struct lt_host *host);

#endif
