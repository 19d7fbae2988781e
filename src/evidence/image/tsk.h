// SPDX-License-Identifier: Apache-2.0
/* All that comes from libtsk: formats of images other than raw, partition tables, and file systems that we have no
 * reader for. Each of the three takes a device and makes devices or a file system of it, so each can be replaced alone.
 *
 * For ext2, ext3 and ext4 there is a reader of our own, because libtsk 4.11 gets times wrong and gives no device
 * numbers, attributes or journal. libtsk keeps quiet about failed reads, so it reads through a device that counts them,
 * and any operation in which one failed is reported as incomplete. Its recursive walk stops at depth 128 without saying
 * so, and is not used. */
#ifndef LT_EVIDENCE_IMAGE_TSK_H
#define LT_EVIDENCE_IMAGE_TSK_H

#include "evidence/device.h"
#include "evidence/fs.h"
#include "evidence/image/partition.h"

/* Version of libtsk, static. */
const char *lt_tsk_version(void);

/* The bytes inside a packed image: E01, VMDK, VHD, VHDX, or the first of several raw segments. `file` is the file
 * `spec` as it lies on the disk; its format is told by magic numbers, and by the name for segments. LT_END: it is a
 * plain raw image, so use `file`. LT_SKIP: the format is known but the image cannot be opened. After LT_OK close `*out`
 * with lt_device_close(). */
enum lt_status lt_tsk_unpack(const struct lt_device *file, const char *spec, struct lt_device *out, struct lt_err *err);

/* Append the paths of the segments that libtsk opened, as struct lt_str * in `arena`. `unpacked` is what
 * lt_tsk_unpack() made of them. */
void lt_tsk_files(const struct lt_device *unpacked, struct lt_arena *arena, struct lt_list *files);

/* dfVFS's type indicator for the format of the image: "RAW", "EWF", "VMDK" or "VHDI", static. */
const char *lt_tsk_format(const struct lt_device *file, const char *spec);

/* libtsk's view of a device and of all slices of it, with one cache for them. */
struct lt_tsk;

/* Look at `device` (copied) through libtsk. `*out` lives in the arena; end it with lt_tsk_close(), after the file
 * systems that were opened with it are released. `*out` is NULL after LT_SKIP. */
enum lt_status lt_tsk_open(const struct lt_device *device, struct lt_arena *arena, struct lt_tsk **out,
                           struct lt_err *err);
void lt_tsk_close(struct lt_tsk *tsk);

/* Takes a partition, its size in bytes and what it is according to the table, which is borrowed. */
typedef void lt_each_partition(void *arg, const struct lt_device *partition, uint64_t size, const char *description);

/* Call `each` for every partition of the DOS or GPT table on the device (and of the other tables that libtsk knows), in
 * their order. A partition reaches from its start to the end of the whole device: a table that gives too small a size
 * hides nothing. Its sectors have the size that the table counts in. Its place ("at sector 2048") is in `arena`.
 * `promised` is what the first sector of the disk says. False: it promised a GPT, but that is damaged at the start of
 * the disk, and its copy at the end was used. */
bool lt_tsk_partitions(struct lt_tsk *tsk, enum lt_partition_table promised, struct lt_arena *arena,
                       lt_each_partition *each, void *arg);

/* Make `fs` (whose `evidence` is set) read the file system on `device`, which is that of `tsk` or a slice of it.
 * `*type` is libtsk's name of its kind, static. LT_END: libtsk knows no file system there, or the device is of other
 * bytes: one that is made out of others needs a view of its own. */
enum lt_status lt_tsk_fs(struct lt_tsk *tsk, struct lt_fs *fs, const struct lt_device *device, const char **type);

#endif
