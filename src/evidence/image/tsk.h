// SPDX-License-Identifier: Apache-2.0
/* All that comes from libtsk: formats of images other than raw, partition tables, and file systems that we have no
 * reader for. Each of the three takes a device and makes devices or a file system of it, so each can be replaced alone.
 * libtsk itself is in libtsk.c, and runs in processes of its own where evidence->args.helper starts them: one for an
 * image that is packed, one for a partition table, one for each file system. What hostile bytes do to it is an error of
 * what was asked for.
 *
 * For ext2, ext3 and ext4 there is a reader of our own, because libtsk 4.11 gets times wrong and gives no device
 * numbers, attributes or journal. */
#ifndef LT_EVIDENCE_IMAGE_TSK_H
#define LT_EVIDENCE_IMAGE_TSK_H

#include "evidence/device.h"
#include "evidence/fs.h"
#include "evidence/image/partition.h"

/* The bytes inside a packed image: E01, VMDK, VHDX, or the first of several raw segments. `file` is the evidence
 * as it lies on the disk; its format is told by magic numbers, and by the name for segments. LT_END: it is a plain raw
 * image, so use `file`. LT_SKIP: the format is known but the image cannot be opened. After LT_OK close `*out` with
 * lt_device_close(); the paths of the segments that libtsk opened are in evidence->files. */
enum lt_status lt_tsk_unpack(struct lt_evidence *evidence, const struct lt_device *file, struct lt_device *out,
                             struct lt_err *err);

/* dfVFS's type indicator for the format of the image: "RAW", "EWF", "VMDK" or "VHDI", static. */
const char *lt_tsk_format(const struct lt_device *file, const char *spec);

/* Takes a partition, its size in bytes and what it is according to the table, which is borrowed. */
typedef void lt_each_partition(void *arg, const struct lt_device *partition, uint64_t size, const char *description);

/* Call `each` for every partition of the DOS or GPT table on `disk` (and of the other tables that libtsk knows), in
 * their order. A partition reaches from its start to the end of the whole device: a table that gives too small a size
 * hides nothing. Its sectors have the size that the table counts in. Its place ("at sector 2048") is in the arena of
 * the evidence. `promised` is what the first sector of the disk says. LT_SKIP: not all were found as they must be;
 * `err` says why. */
enum lt_status lt_tsk_partitions(struct lt_evidence *evidence, const struct lt_device *disk,
                                 enum lt_partition_table promised, lt_each_partition *each, void *arg,
                                 struct lt_err *err);

/* Make `fs` (whose `evidence` is set) read the file system on `device`, which is `disk` or a slice of it. `*type` is
 * libtsk's name of its kind, in the arena of the evidence. LT_END: libtsk knows no file system there, or the device is
 * of other bytes than the disk. LT_SKIP: it cannot be asked. */
enum lt_status lt_tsk_fs(struct lt_fs *fs, const struct lt_device *disk, const struct lt_device *device,
                         const char **type, struct lt_err *err);

#endif
