// SPDX-License-Identifier: Apache-2.0
/* Evidence: where bytes and directory entries come from. The map of this room, from bytes up to what the others use. A
 * file calls only those above it:
 *
 *   device.c         a device of bytes, and a slice of one: partitions, volumes, unpacked images
 *   window.c         a device that is gone through block by block
 *   fs.c             a file system: the functions that a reader provides, and what is written once for all of them
 *   deleted.c        deleted files of one
 *   mounted.c        the file systems of a host as one, each at the path at which the host mounts it
 *   identity.c       UUIDs and labels as text
 *   path_index.c     from paths to inodes, for readers that find inodes in a disk image
 *   found.c          names found in a directory as its listing, for readers that find inodes by number
 *   ext4/            the reader of ext2, ext3 and ext4 on a device; its map is in ext4/ext4.h
 *   xfs/             the reader of XFS on a device; its map is in xfs/xfs.h
 *   btrfs/           the reader of btrfs on a device; its map is in btrfs/btrfs.h
 *   filesystems.def  a line for each reader of our own; filesystems.c asks them in turn
 *   disks/           what lies on a device, and on the devices that are made of it: its map is in disks/disks.h
 *   volumes/         volumes that are made of parts of disks: its map is in volumes/volumes.h
 *   image/           evidence that is a disk image: its bytes as a device. image.c; tsk.c asks libtsk for packed
 * formats, partition tables, and file systems without a reader of our own; libtsk.c answers, in a process of its own
 *                    partition.c: number, UUID and name of a partition. segments.c: the other files of an image
 *   magic/           what bytes are that nobody here can read, and what helps; its map is in magic/magic.h
 *   packed/          disk images of other formats than raw that are read by ourselves; its map is in packed/packed.h
 *   directory/       evidence that is the directory of a mounted host: directory.c. root.c opens it, beneath.c what is
 *                    below it
 *   evidence.def     a line for each kind of evidence; evidence.c opens one with the kind that fits best
 *
 *   stream.c         a file from start to end, unpacked if it is gzip; lines.c: its lines
 *   lister.c         directories listed ahead on threads; walk.c: a whole tree with it
 *
 * A kind of evidence is a folder here and a line in evidence.def. It fills in an lt_fs for each file system that it
 * finds. What makes devices out of devices (logical volumes) is found in disks/: readers of file systems see a
 * struct lt_device, and nothing of what lies below it. */
#ifndef LT_EVIDENCE_EVIDENCE_H
#define LT_EVIDENCE_EVIDENCE_H

#include "evidence/fs.h"

struct lt_evidence_kind {
    const char *name, *summary;
    /* How sure the kind is that it can read the file at `spec`: 0 no, 100 certain. */
    int (*bid)(const char *spec, const struct stat *status);
    /* Open the files that the evidence consists of, and read nothing of them; but the descriptor of a VMDK, and the
     * headers of the formats in packed/, tell which these are. LT_SKIP: `err` says why not. */
    enum lt_status (*open)(struct lt_evidence *evidence, struct lt_err *err);
    /* Fill evidence->fs and ->notes. LT_SKIP: nothing readable in it, `err` says why. LT_FATAL: args.room says stop. */
    enum lt_status (*find)(struct lt_evidence *evidence, struct lt_err *err);
    /* Optional: the same once all evidence was searched, and the volumes were made that may lie on several. */
    enum lt_status (*settle)(struct lt_evidence *evidence, struct lt_err *err);
    /* Give back what these took, also when they failed half way. The file systems are released before. */
    void (*close)(struct lt_evidence *evidence);
};

/* NULL-terminated table made from evidence.def. */
extern const struct lt_evidence_kind *const lt_evidence_kinds[];

/* Open `spec` with the kind that bids highest: its files are open then, and nothing of them was read. Close it with
 * lt_evidence_close(), also after a failure. `spec` is borrowed. LT_SKIP: it cannot be read, `err` says why. */
enum lt_status lt_evidence_open(struct lt_evidence *evidence, const char *spec, const struct lt_evidence_args *args,
                                struct lt_err *err);
/* Find the file systems of all evidence (struct lt_evidence *), which may have volumes in common. `problems` has a
 * struct lt_err * for each: those that are set already are left out, and one is set where there are none. */
void lt_evidence_find_all(const struct lt_list *evidence, const struct lt_list *problems);
/* The same for one. LT_SKIP: there are none, `err` says why. */
enum lt_status lt_evidence_find(struct lt_evidence *evidence, struct lt_err *err);
void lt_evidence_close(struct lt_evidence *evidence);

#endif
