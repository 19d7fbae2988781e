// SPDX-License-Identifier: Apache-2.0
/* A snapshot as dm-snapshot keeps it: the chunks of the origin that were changed since lie, as they were, in a store of
 * their own. The bytes of the store are hostile. Facts: linux 6.18 drivers/md/dm-snap-persistent.c. Numbers are
 * little-endian. */
#ifndef LT_EVIDENCE_VOLUMES_SNAPSHOT_H
#define LT_EVIDENCE_VOLUMES_SNAPSHOT_H

#include "base/err.h"
#include "evidence/device.h"

/* Make the device of a snapshot, of the size of its origin; it lives in `arena`, the devices are copied. LT_SKIP: the
 * store is damaged, or the kernel gave the snapshot up. */
enum lt_status lt_snapshot(struct lt_arena *arena, const struct lt_device *origin, const struct lt_device *store,
                           struct lt_device *out, struct lt_err *err);

#endif
