// SPDX-License-Identifier: Apache-2.0
/* What bytes are that nobody here can read: another format of disk images, an encrypted volume, an archive, a file
 * system without a reader. It is told by magic numbers, with what helps: a command that makes something of it that can
 * be read. A few bytes more tell size, UUID and label. The map of this folder:
 *
 *   formats.c    what the functions of the tables share; formats.h: a line of them
 *   images.c     disk images other than raw, and archives
 *   volumes.c    what holds a file system, or parts of one: LVM, RAID, encryption, caches; and swap
 *   areas.c      file systems
 *   magic.c      looks through the tables, and puts into words what was found */
#ifndef LT_EVIDENCE_MAGIC_MAGIC_H
#define LT_EVIDENCE_MAGIC_MAGIC_H

#include "evidence/device.h"

struct lt_magic {
    const char *name;     /* with its article: "a qcow2 disk image"; static */
    const char *advice;   /* what to do to read what is in it; NULL: it holds no files. static */
    struct lt_str uuid;   /* as blkid prints it; "" if unknown, as are the next two */
    struct lt_str label;  /* hostile bytes, as are the next ones */
    struct lt_str detail; /* what else helps: "backing file 'base.raw'" */
    uint64_t size;        /* bytes that are in it, says its header; 0: unknown */
    bool damaged;         /* it is of a kind that is read, but not this one */
    const char *lacks;    /* NULL, or what a reader of its blocks misses: "what it leaves to its parent"; static */
};

/* Find out what is on `device`, whose size must be its own: some formats are known by their end. Texts live in `arena`.
 * False: nothing that is known, or it cannot be read. Reads little, unless the device begins with zeros: then 64 MiB.
 */
bool lt_magic_find(const struct lt_device *device, struct lt_arena *arena, struct lt_magic *out);

/* "an LVM2 physical volume (volume group 'vg0', UUID ...)", in `arena`; with `advice` also what to do, behind a colon.
 * Bytes of the evidence are not escaped. */
struct lt_str lt_magic_text(const struct lt_magic *magic, bool advice, struct lt_arena *arena);

#endif
