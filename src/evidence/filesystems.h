// SPDX-License-Identifier: Apache-2.0
/* The readers of file systems that are our own. One folder and a line in filesystems.def each. */
#ifndef LT_EVIDENCE_FILESYSTEMS_H
#define LT_EVIDENCE_FILESYSTEMS_H

#include "evidence/device.h"
#include "evidence/fs.h"

struct lt_fs_reader {
    const char *name;   /* of what it reads, for messages: "ext2/3/4" */
    const char *type;   /* see lt_medium */
    const char *family; /* how libtsk's names of the same file systems begin: "ext" */
    /* Make `fs` (whose `evidence` and `label` are set) read the file system on `device`, which is copied: what its
     * `arg` points to must live until the file system is released. What is wrong with the file system as a whole
     * becomes a note of the evidence. LT_END: nothing of this kind is there; `err` says so. LT_SKIP: something of this
     * kind is there but cannot be read, or the bytes that would tell are unreadable (LT_CODE_UNREADABLE). After LT_END
     * and LT_SKIP there is nothing to release. */
    enum lt_status (*open)(struct lt_fs *fs, const struct lt_device *device, const struct lt_evidence_args *args,
                           struct lt_err *err);
};

/* Set fs->label to "NAME file system at sector 2048", or without a place for what fills its image. It lives in the
 * arena of the evidence. */
void lt_fs_set_label(struct lt_fs *fs, const char *name, const struct lt_device *device);

/* Open the file system on `device` with the first of our readers that knows it; see lt_fs_reader.open. `*reader` is the
 * last one asked: fs->label and `err` are from it. */
enum lt_status lt_fs_open(struct lt_fs *fs, const struct lt_device *device, const struct lt_evidence_args *args,
                          const struct lt_fs_reader **reader, struct lt_err *err);

#endif
