// SPDX-License-Identifier: Apache-2.0
/* The paths of an image layer that the members of its tar make, in the order of the tar. */
#ifndef LT_OVERLAY_RECORD_ENTRIES_H
#define LT_OVERLAY_RECORD_ENTRIES_H

#include "evidence/stream.h"
#include "model/inventory.h"
#include "parse/tarhead.h"

/* One path of the tar. */
struct lt_record_entry {
    struct lt_str path;          /* "/a/b"; "" is the layer's root */
    struct lt_str target;        /* of a symbolic link */
    struct lt_record_entry *of;  /* a hard link to this entry, which holds all fields below except `offset` */
    uint64_t offset;             /* of its line in the unpacked record, or of its header in the unpacked tar */
    uint64_t size, crc;          /* of a regular file; if has_size, has_crc */
    uint64_t uid, gid;           /* inside the container */
    uint32_t mode, major, minor; /* mode 0: the header could not be read */
    struct lt_time mtime;        /* by the builder's clock */
    bool has_size, has_crc;
    bool capability;        /* it has the attribute security.capability */
    bool whiteout;          /* .wh.NAME: the layer deletes the lower entry at `path` */
    bool opaque;            /* .wh..wh..opq: the directory hides all lower ones in its place */
    bool implied;           /* a directory that the tar does not contain, only something in it */
    bool loose;             /* the headers of its hard links differ: any of them may be in effect */
    bool replaced;          /* by a later entry of the same path */
    unsigned seen;          /* number of the last walk that saw it */
    struct lt_time changed; /* ctime of the directory seen there */
};

struct lt_layer_record {
    const struct lt_layer *layer;
    struct lt_str path;       /* of the record, or of the tar */
    bool is_tar;              /* it is the tar itself, which containerd unpacked; else a record, which Docker did */
    struct lt_stream *stream; /* of its bytes, until they are read */
    struct lt_arena packed;   /* the packed bytes, if they are in memory */
    struct lt_list problems;  /* of struct lt_err *: errors in the record */
    struct lt_arena arena;
    struct lt_map by_path;
    struct lt_list entries;    /* of struct lt_record_entry *, in the order of the tar */
    struct lt_str parent;      /* parent of the entry added last */
    uint64_t steps;            /* directories looked at for links: hostile names could take for ever */
    bool complete;             /* all of it could be read */
    bool doubtful;             /* it is not what its digest or the layer's says: it was changed, or damaged */
    struct lt_time begin, end; /* interval in which the layer was unpacked here; either may be unset */
};

/* Memory that one record may take, enough for two million entries. The rest is not read, which is reported. */
enum { LT_MAX_RECORD = 1024 * 1024 * 1024 };

/* The entry of the record at `path`, or NULL. */
struct lt_record_entry *lt_layer_record_at(const struct lt_layer_record *record, struct lt_str path);

/* Add a member of the tar. `offset` is where it was read, for messages and for the entry. */
void lt_record_add(struct lt_layer_record *record, const struct lt_tar_file *file, uint64_t offset);

/* Add an error about what was read at `offset`. lt_record_loss(): something is lost with it, so that the record is
 * incomplete. lt_record_is_full(): it takes all the memory that it may; then the rest is lost, which this adds. */
void lt_record_problem(struct lt_layer_record *record, uint64_t offset, const char *code, const char *text);
void lt_record_loss(struct lt_layer_record *record, uint64_t offset, const struct lt_err *problem);
bool lt_record_is_full(struct lt_layer_record *record, uint64_t offset);

#endif
