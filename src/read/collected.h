// SPDX-License-Identifier: Apache-2.0
/* Copies of files that a collector of evidence made. */
#ifndef LT_READ_COLLECTED_H
#define LT_READ_COLLECTED_H

#include "read/context.h"

/* Are the files of the store copies? Only mtimes survive copying. The places where collectors put what they copy tell,
 * or files of theirs beside it (UAC 3.0: [root], uac.log; Velociraptor 0.7: uploads/ACCESSOR, uploads.json; GRR 3.4:
 * fs/os; KAPE 1.3: a folder for each drive), or a part of a store whose files were all born after they were last
 * changed. */
bool lt_is_collected(struct lt_ctx *ctx, const struct lt_root *root);

#endif
