// SPDX-License-Identifier: Apache-2.0
/* What describes a physical volume of LVM2 on its disk: a label in one of the first four sectors, behind it the UUID
 * and where data and metadata lie; and at the start of each metadata area a header, which tells where in the ring
 * behind it the newest text is. The bytes are hostile. Facts: lvm2 2.03.16 lib/label/label.h, lib/format_text/layout.h
 * and format-text.c, lib/misc/crc.c. Numbers are little-endian. */
#ifndef LT_EVIDENCE_VOLUMES_LVM_DISK_H
#define LT_EVIDENCE_VOLUMES_LVM_DISK_H

#include "base/cursor.h"
#include "base/str.h"

enum {
    LT_LVM_LABEL_SECTORS = 4, /* that are looked at */
    LT_LVM_HEADER = 512,      /* bytes of a label, and of the header of a metadata area */
    LT_LVM_AREAS = 8,         /* metadata areas of a physical volume that are known; LVM2 makes two at most */
};

struct lt_lvm_span {
    uint64_t start, size; /* bytes */
};

struct lt_lvm_label {
    struct lt_str uuid;                     /* in arena: "4u09MS-Qz5Y-LLL0-TgbF-n32y-hdUd-LAJfZP" */
    uint64_t size;                          /* of the device, in bytes */
    struct lt_lvm_span areas[LT_LVM_AREAS]; /* of metadata, from the start of the device */
    unsigned count;
};

/* The checksum of labels, headers and texts: CRC-32 as Ethernet has it, with another start and not inverted. */
uint32_t lt_lvm_crc(const unsigned char *bytes, size_t size);

/* The same UUID as LVM2 prints it, from its 32 letters. "" if there are other bytes among them. */
struct lt_str lt_lvm_uuid(struct lt_arena *arena, const unsigned char letters[32]);

/* Decode the label in `sector`, whose number is `number`. False: there is none, or its checksum is wrong. */
bool lt_lvm_label(struct lt_cursor sector, unsigned number, struct lt_arena *arena, struct lt_lvm_label *out);

/* A metadata area. */
struct lt_lvm_area {
    struct lt_lvm_span span; /* with its header */
    struct lt_lvm_span text; /* the newest; its start counts from that of the area. No size: the area holds none */
    uint32_t crc;            /* of the text */
    bool ignored;            /* it is not kept up to date */
};

/* Decode the header of the metadata area that its label places at `at`. False: there is none, its checksum is wrong, or
 * it does not fit in its own numbers. */
bool lt_lvm_area(struct lt_cursor header, struct lt_lvm_span at, struct lt_lvm_area *out);

#endif
