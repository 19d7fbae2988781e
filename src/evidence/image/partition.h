// SPDX-License-Identifier: Apache-2.0
/* What a partition table says of one partition, as Linux names it: its number, PARTUUID and PARTLABEL. libtsk, which
 * finds the partitions, has none of them. */
#ifndef LT_EVIDENCE_IMAGE_PARTITION_H
#define LT_EVIDENCE_IMAGE_PARTITION_H

#include "evidence/device.h"
#include "evidence/fs.h"

enum lt_partition_table { LT_PARTITION_NONE, LT_PARTITION_DOS, LT_PARTITION_GPT };

/* Which table the first sector of the disk promises, as Linux sees it: a DOS table with a partition inside of the disk,
 * or one that stands for a GPT. */
enum lt_partition_table lt_partition_table(const struct lt_device *disk);

enum { LT_PARTITION_SLOTS = 4 }; /* of a DOS table */

/* Where the primary partitions of the DOS table begin, in sectors of whatever size. Returns how many there are. */
size_t lt_partition_starts(const struct lt_device *disk, uint64_t starts[LT_PARTITION_SLOTS]);

/* Find `partition`, a slice of `disk` whose sectors have the size that the table counts in, in the DOS or GPT table of
 * the disk, by the sector where it begins. Fills `partition`, `partuuid` and `partlabel` of `out`, with texts in
 * `arena`; they stay as they are if neither table has it. `*type` is what a GPT says that it is for ("BIOS boot"),
 * static, or "". The bytes are hostile, and damage is no error here. Facts: linux 6.18 block/partitions/msdos.c and
 * efi.c, UEFI 2.10 section 5. */
void lt_partition_identify(const struct lt_device *disk, const struct lt_device *partition, struct lt_arena *arena,
                           struct lt_fs_identity *out, const char **type);

#endif
