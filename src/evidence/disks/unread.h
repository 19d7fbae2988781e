// SPDX-License-Identifier: Apache-2.0
/* What lies on an area and is not read, in words. */
#ifndef LT_EVIDENCE_DISKS_UNREAD_H
#define LT_EVIDENCE_DISKS_UNREAD_H

#include "evidence/disks/area.h"
#include "evidence/magic/magic.h"

/* Name what is on the area. Where a host may be, that is the problem of the area, and a note of the evidence. */
void lt_unread_name(struct lt_area *area);

/* Is it a partition that firmware or a boot loader uses, says its table, and holds nothing that contradicts? */
bool lt_unread_is_boot(struct lt_area *area);

/* Make `why` a note of the evidence that begins with the name of the area. */
void lt_unread_note(const struct lt_area *area, const struct lt_err *why);

/* Report the problem of an area, if it has one, as a note of its evidence. */
void lt_unread_report(struct lt_area *area);

/* Why nothing of an image can be read: what it is, or else what its partitions and volumes hold. `file` is what the
 * file is, if that is more or less than the disk; NULL: it is the disk. */
enum lt_status lt_unread_fail(struct lt_area *image, const struct lt_magic *file, struct lt_err *err);

#endif
