// SPDX-License-Identifier: Apache-2.0
/* Records of what stores have no more, in deleted files. What they tell, the sources of the runtimes emit, which are
 * called later. */
#include "read/recovered.h"
#include "read/source.h"

static enum lt_status deleted_records_events(struct lt_ctx *ctx, struct lt_err *err)
{
    (void)err;
    lt_recovered_find(ctx);
    return LT_OK;
}

const struct lt_source lt_source_deleted_records = {
    .name = "deleted_records",
    .summary = "deleted files of ext4 that were records of containers, for the sources that read such records",
    .scope = LT_PER_HOST,
    .stage = LT_STAGE_STORE,
    .tells_removed = true,
    .events = deleted_records_events,
};
