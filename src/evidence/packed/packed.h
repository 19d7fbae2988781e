// SPDX-License-Identifier: Apache-2.0
/* Disk images that are not raw, read by ourselves: one file for each format, which makes a device of bytes out of the
 * device that the image lies on. An image may leave a part of the disk to another file, that to a third, and so on.
 * Only what lies beside the image is opened, whatever it names. The map of this folder:
 *
 *   table.c          numbers of the tables of an image, some of which are kept
 *   beside.c         files that an image names, opened where they lie beside it
 *   format.h         what each format provides
 *   qcow2.c          qcow2; qcow2_header.c: its header, and the snapshots in it
 *   vdi.c            VDI of VirtualBox
 *   vhd.c            VHD of Virtual PC and Hyper-V; vhd_header.c: its footer and header
 *   packed.def       a line for each; packed.c puts the files together, and reads through them
 *   unpack.c         a disk image in a gzip, zstd or xz file, unpacked into a temporary file
 *
 * The headers of these formats are decoded before the sandbox is entered, because they name the files that rules must
 * let us open. That takes at most 64 KiB of each file. Tables are looked at in the sandbox. */
#ifndef LT_EVIDENCE_PACKED_PACKED_H
#define LT_EVIDENCE_PACKED_PACKED_H

#include "evidence/device.h"
#include "evidence/fs.h"

struct lt_packed_disk;

/* Look whether `file` (copied; what its `arg` points to must outlive the result) is an image of a format that is read
 * here, and open the files that it needs. NULL: it is not, and nothing was opened. `beside`: files beside
 * evidence->spec may be opened; their paths are in evidence->files then. What is missing becomes a note of the
 * evidence; what else is wrong is kept for lt_packed_open(). Close it with lt_packed_close(). It lives in the arena of
 * the evidence. */
struct lt_packed_disk *lt_packed_find(struct lt_evidence *evidence, const struct lt_device *file, bool beside);

/* The bytes inside. The device is the disk's, and must not be closed; reading what a missing file holds fails. LT_SKIP:
 * it cannot be read, `err` says why. */
enum lt_status lt_packed_open(struct lt_packed_disk *disk, struct lt_device *out, struct lt_err *err);

/* dfVFS's type indicator for the format (dfvfs/lib/definitions.py, 2026-09: it has none for VDI, which is "RAW"),
 * static. */
const char *lt_packed_type(const struct lt_packed_disk *disk);

/* Harmless with NULL. */
void lt_packed_close(struct lt_packed_disk *disk);

#endif
