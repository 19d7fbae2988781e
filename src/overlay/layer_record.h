// SPDX-License-Identifier: Apache-2.0
/* What the tar of an image layer says of each path, according to Docker's record of it:
 * <root>/image/<driver>/layerdb/sha256/<chain ID>/tar-split.json.gz (moby daemon/internal/layer/filestore.go; format:
 * parse/tarsplit.h). Docker itself rebuilds the tar from the record and the layer's files, for `docker save` and
 * `push`. */
#ifndef LT_OVERLAY_LAYER_RECORD_H
#define LT_OVERLAY_LAYER_RECORD_H

#include "evidence/stream.h"
#include "read/context.h"

/* One path of the tar. */
struct lt_record_entry {
    struct lt_str path;          /* "/a/b"; "" is the layer's root */
    struct lt_str target;        /* of a symbolic link */
    struct lt_record_entry *of;  /* a hard link to this entry, which holds all fields below except `offset` */
    uint64_t offset;             /* of its line in the unpacked record */
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
    struct lt_str path;       /* of the record */
    struct lt_stream *stream; /* of its bytes, until they are read */
    struct lt_arena packed;   /* the packed bytes, if they are in memory */
    struct lt_list problems;  /* of struct lt_err *: errors in the record */
    struct lt_arena arena;
    struct lt_map by_path;
    struct lt_list entries;    /* of struct lt_record_entry *, in the order of the tar */
    struct lt_str parent;      /* parent of the entry added last */
    bool complete;             /* all of it could be read */
    struct lt_time begin, end; /* interval in which the layer was unpacked here; either may be unset */
};

/* Memory that one record may take, enough for two million entries. The rest is not read, which is reported. */
enum { LT_MAX_RECORD = 1024 * 1024 * 1024 };

/* Read the record of an image layer. NULL: there is none, or it cannot be opened. Whatever is lost is reported with
 * lt_skip(), and what could be read is used. Free with lt_layer_record_free(). */
struct lt_layer_record *lt_layer_record_load(struct lt_ctx *ctx, const struct lt_layer *layer);

/* The same in three steps. The second step uses only the record and may run on another thread. With `most`, the first
 * step reads the packed file into memory and fails if it is larger than `most` bytes; only then does the second step
 * not read the evidence. Without (0), the second step reads from the evidence. lt_layer_record_open() returns NULL and
 * sets `err` if it fails. */
struct lt_layer_record *lt_layer_record_open(struct lt_ctx *ctx, const struct lt_layer *layer, size_t most,
                                             struct lt_err *err);
void lt_layer_record_read(struct lt_layer_record *record);
void lt_layer_record_report(struct lt_ctx *ctx, const struct lt_layer_record *record);

void lt_layer_record_free(struct lt_layer_record *record);

/* The entry of the record at `path`, or NULL. */
struct lt_record_entry *lt_layer_record_at(const struct lt_layer_record *record, struct lt_str path);

#endif
