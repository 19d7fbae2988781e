// SPDX-License-Identifier: Apache-2.0
/* The features of a file system by name. */
#ifndef LT_EVIDENCE_EXT4_FEATURES_H
#define LT_EVIDENCE_EXT4_FEATURES_H

#include "base/str.h"
#include "evidence/ext4/layout.h"

/* The names by which mke2fs knows the features, with blanks between them, in `arena`; "FEATURE_I31" is one that has no
 * name here (e2fsprogs 1.47 lib/e2p/feature.c). */
struct lt_str lt_ext4_features(const struct lt_ext4 *super, struct lt_arena *arena);

#endif
