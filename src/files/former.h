// SPDX-License-Identifier: Apache-2.0
/* Deleted files as they were: where each lay and whose it was, and the times that it had before. */
#ifndef LT_FILES_FORMER_H
#define LT_FILES_FORMER_H

#include "read/context.h"

/* Where a deleted inode was, as far as the file system still tells. */
struct lt_former_place {
    uint64_t ino;
    const struct lt_dir *dir;
    struct lt_str name;
    bool inferred;
};

/* Of those that no later file replaced, by inode. */
struct lt_former_places {
    struct lt_former_place *items; /* owned */
    size_t count, cap;
};

/* Emit the times that deleted files of ctx->fs had in former states, unless a newer state has them, too, and find where
 * the files lay. Free that with lt_former_places_free(), also after a failure. */
enum lt_status lt_former_emit(struct lt_ctx *ctx, struct lt_former_places *places, struct lt_err *err);
void lt_former_places_free(struct lt_former_places *places);

/* Where the inode was; NULL: nothing tells. */
const struct lt_former_place *lt_former_place(const struct lt_former_places *places, uint64_t ino);

#endif
