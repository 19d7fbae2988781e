// SPDX-License-Identifier: Apache-2.0
/* What a format of disk images provides. Private to evidence/packed/. It decodes the header of one file, and then says
 * of each piece of the disk where its bytes come from; packed.c does all reading. */
#ifndef LT_EVIDENCE_PACKED_FORMAT_H
#define LT_EVIDENCE_PACKED_FORMAT_H

#include "evidence/device.h"
#include "evidence/fs.h"
#include "evidence/packed/table.h"

enum { LT_PACKED_HEADER = 64 * 1024 }; /* most bytes that are read before the sandbox is entered */

enum lt_packed_source {
    LT_PACKED_ZERO,
    LT_PACKED_STORED, /* on file->data */
    LT_PACKED_BELOW,  /* at the same place of the disk below; zeros if there is none */
    LT_PACKED_MEMORY, /* was packed */
};

/* Where a run of bytes of the disk comes from. */
struct lt_packed_run {
    enum lt_packed_source source;
    uint64_t length;    /* bytes, at least 1 */
    uint64_t at;        /* STORED: offset on file->data */
    const void *memory; /* MEMORY: borrowed until the next call */
};

/* One file of an image. */
struct lt_packed_file {
    const struct lt_packed_format *format; /* NULL: it is raw */
    struct lt_device device;               /* the file as it lies */
    struct lt_device *data;                /* where the pieces of the disk are stored: that, or a file beside it */
    struct lt_device below;                /* what it leaves to the next file; size 0: nothing */
    bool lacks_below;                      /* that is missing */
    struct lt_packed_table table;          /* of `device` */
    void *self;                            /* of the format */

    /* What its header says. */
    uint64_t size;              /* bytes of the disk */
    uint64_t unit;              /* bytes of a piece of it; the last one stored may be cut off by the end of its file */
    struct lt_list below_names; /* of struct lt_str *: names of the file below, the best first; none: it is whole */
    struct lt_str below_format; /* what that is, in QEMU's words; "" if it does not say */
    struct lt_str data_name;    /* of the file for data; "": there is none */
};

struct lt_packed_format {
    const char *name; /* of what it reads: "qcow2", also QEMU's word for it */
    const char *type; /* see lt_packed_type() */
    /* Does the device begin or end as a file of this format does? */
    bool (*knows)(const struct lt_device *device);
    /* Decode the header of file->device, and fill in what it says, and `self`. Texts live in `arena`. LT_SKIP: `err`
     * says why it cannot be read. */
    enum lt_status (*look)(struct lt_packed_file *file, struct lt_arena *arena, struct lt_err *err);
    /* Optional: is `below` what the file leaves its bytes to? LT_SKIP: `err` says why not. */
    enum lt_status (*fits)(const struct lt_packed_file *file, const struct lt_packed_file *below, struct lt_err *err);
    /* Optional: note and remark what else is in the file. Called in the sandbox. */
    void (*tell)(struct lt_packed_file *file, struct lt_evidence *evidence);
    /* Where the bytes from `offset` on come from: at most `most` of them, which the disk has. False: what says that is
     * damaged, or cannot be read. */
    bool (*map)(struct lt_packed_file *file, uint64_t offset, uint64_t most, struct lt_packed_run *run);
    void (*close)(struct lt_packed_file *file); /* optional: free what `self` holds */
};

#endif
