// SPDX-License-Identifier: Apache-2.0
/* An area: a device on which something lies, and what was found there. All that an area points to lives in the arena of
 * its evidence. Texts of the evidence are hostile bytes. */
#ifndef LT_EVIDENCE_DISKS_AREA_H
#define LT_EVIDENCE_DISKS_AREA_H

#include "evidence/device.h"
#include "evidence/fs.h"

enum {
    LT_MAX_STACKED = 12, /* areas above each other. LVM in LUKS on md on a partition, with a disk of a guest: eight */
    LT_MAX_AREAS = 4096, /* of a run */
};

struct lt_volume_kind;

/* All areas of a run. */
struct lt_disks {
    struct lt_list members; /* of struct lt_member *: parts of volumes, in the order in which they were found */
    unsigned count;         /* areas so far */
};

/* What was done to a volume, by older metadata of its group. */
enum lt_volume_deed { LT_VOLUME_MADE, LT_VOLUME_REMOVED, LT_VOLUME_RENAMED, LT_VOLUME_RESIZED };

struct lt_volume_change {
    enum lt_volume_deed deed;
    struct lt_str group, name, uuid;
    struct lt_str origin;        /* what a snapshot was made of; what the volume was called before */
    struct lt_str command;       /* that did it, as LVM2 notes it; "" if that is not known */
    struct lt_time first, last;  /* when: equal if that is known to the second; `first` may be unset */
    uint64_t number;             /* of the metadata that show it first */
    uint64_t old_size, new_size; /* bytes, where it was resized */
};

enum lt_area_kind { LT_AREA_IMAGE, LT_AREA_PARTITION, LT_AREA_GROUP, LT_AREA_VOLUME };

struct lt_area {
    enum lt_area_kind kind;
    struct lt_area *parent; /* NULL: an image */
    struct lt_disks *disks;
    struct lt_evidence *evidence; /* of the first part, if it has several */
    struct lt_device device;      /* not of a group. Its place is "" for an image */
    struct lt_device reach;       /* the same up to the end of the disk: a table with too small a size hides nothing */
    uint64_t size;                /* bytes that it must have; 0: not known */
    struct lt_device disk;        /* all bytes of which `device` is a slice */
    struct lt_str name;           /* "partition 2", "volume vg0/var"; "" for an image */
    struct lt_str use;            /* what a partition is for, says its table; how a volume is made */
    struct lt_str type;           /* of a partition: what a GPT says that it is for, "BIOS boot" */
    struct lt_str volume_uuid;    /* of a volume */
    struct lt_time made;          /* a volume; not set: that is not known */
    struct lt_fs_identity identity; /* what a file system on it inherits */
    struct lt_str pathspec;         /* see lt_medium */
    unsigned number;                /* of all areas */
    unsigned depth;
    unsigned partitions; /* found on it */

    /* What is on it. */
    struct lt_str holds;       /* "ext2/3/4 file system", "GPT"; "" if nobody knows */
    struct lt_str uuid, label; /* of that */
    struct lt_str detail;      /* what else is known, in words */
    const char *advice;        /* what helps to read it, static; NULL: it is read, or holds no files */
    struct lt_fs *fs;          /* the file system on it, if it is read */
    const char *reader;        /* what read it: "layertime", "libtsk"; NULL: nothing. Static */
    bool member;               /* it is a part of a group... */
    bool elsewhere;            /* ...whose volumes are below another part */
    bool no_host;              /* swap, a boot partition: no host can live there */
    struct lt_err problem;     /* why it, or a part of it, is not read */
    struct lt_list changes;    /* of a group: of struct lt_volume_change * */
    struct lt_list children;   /* of struct lt_area * */
};

/* A new area below `parent`, with its evidence, identity and path. NULL: there are too many, or they are too deep; that
 * is a note of the evidence. */
struct lt_area *lt_area_new(struct lt_area *parent, enum lt_area_kind kind, struct lt_str name);

/* The area of all of an image, which becomes evidence->area. `pathspec` is borrowed. */
struct lt_area *lt_area_image(struct lt_evidence *evidence, const struct lt_device *disk, struct lt_str pathspec);

/* Is a file system below the area read, or on it? */
bool lt_area_is_read(const struct lt_area *area);

/* Is a part of a group on the area or below it, whose volumes are shown below another part? */
bool lt_area_is_elsewhere(const struct lt_area *area);

/* May a host be below the area, for all that is known? False: only swap, boot partitions and the like. */
bool lt_area_may_hold(const struct lt_area *area);

#endif
