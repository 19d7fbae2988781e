// SPDX-License-Identifier: Apache-2.0
/* A thin volume: a device whose blocks lie where the metadata of its pool say, or nowhere. */
#ifndef LT_EVIDENCE_VOLUMES_THIN_H
#define LT_EVIDENCE_VOLUMES_THIN_H

#include "base/err.h"
#include "evidence/device.h"

struct lt_thin_args {
    const struct lt_device *metadata, *data; /* of the pool; copied */
    const struct lt_device *origin;          /* what shows where nothing was written; NULL: zeros */
    uint64_t id;                             /* of the volume in the pool */
    uint64_t size;                           /* bytes */
};

/* Make the device; it lives in `arena`. LT_SKIP: the metadata are damaged, or do not know the volume. */
enum lt_status lt_thin(struct lt_arena *arena, const struct lt_thin_args *args, struct lt_device *out,
                       struct lt_err *err);

#endif
