// SPDX-License-Identifier: Apache-2.0
/* The files that an image consists of besides the one that is given, found before any of them is read: the sandbox is
 * to let exactly those be opened. */
#ifndef LT_EVIDENCE_IMAGE_SEGMENTS_H
#define LT_EVIDENCE_IMAGE_SEGMENTS_H

#include "base/list.h"

/* Append the paths of the files beside `spec` that its name makes its segments (disk.001, disk.002; disk.E01,
 * disk.E02), and the extents that it names if it is the descriptor of a VMDK, as struct lt_str *, NUL-terminated in
 * `arena`. Only what is small enough to be such a descriptor is read. */
void lt_segments_find(const char *spec, struct lt_arena *arena, struct lt_list *files);

#endif
