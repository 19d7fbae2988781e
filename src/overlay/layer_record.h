// SPDX-License-Identifier: Apache-2.0
/* What the tar of an image layer says of each path, by the record that Docker keeps of it:
 * <root>/image/<driver>/layerdb/sha256/<chain ID>/tar-split.json.gz (moby daemon/internal/layer/filestore.go; the
 * format: parse/tarsplit.h). Docker itself makes the tar anew from it and the layer's files, for `docker save` and
 * `push`. */
#ifndef LT_OVERLAY_LAYER_RECORD_H
#define LT_OVERLAY_LAYER_RECORD_H

#include "evidence/stream.h"
#include "read/context.h"

/* One path of the tar. */
struct lt_record_entry {
    struct lt_str path;          /* "/a/b"; "" is the layer's root */
    struct lt_str target;        /* of a symbolic link */
    struct lt_record_entry *of;  /* a hard link to this, which holds all that follows but `offset` */
    uint64_t offset;             /* of its line in the unpacked record */
    uint64_t size, crc;          /* of a regular file, if has_size, has_crc */
    uint64_t uid, gid;           /* inside the container */
    uint32_t mode, major, minor; /* mode 0: the header could not be read */
    struct lt_time mtime;        /* the builder's */
    bool has_size, has_crc;
    bool capability;        /* it has the attribute security.capability */
    bool whiteout;          /* .wh.NAME: the layer deletes what lower ones have at `path` */
    bool opaque;            /* .wh..wh..opq: it hides all that lower ones have below */
    bool implied;           /* a directory that the tar does not hold, but something in it */
    bool loose;             /* its hard links have headers that say other things: any may count */
    bool replaced;          /* by a later entry of the same path */
    unsigned seen;          /* number of the last walk that met it */
    struct lt_time changed; /* ctime of the directory met there */
};

struct lt_layer_record {
    const struct lt_layer *layer;
    struct lt_str path;       /* of the record */
    struct lt_stream *stream; /* of its bytes, until they are read */
    struct lt_arena packed;   /* these bytes, if they are in memory */
    struct lt_list problems;  /* of struct lt_err *: what is wrong with it */
    struct lt_arena arena;
    struct lt_map by_path;
    struct lt_list entries;    /* of struct lt_record_entry *, in the order of the tar */
    struct lt_str parent;      /* whose entry is the last one added */
    bool complete;             /* all of it could be read */
    struct lt_time begin, end; /* when the layer was unpacked here; either may be unset */
};

/* Memory that one record may take, enough for two million entries: what comes after is not read, which is reported. */
enum { LT_MAX_RECORD = 1024 * 1024 * 1024 };

/* Read the record of an image layer. NULL where there is none, or it cannot be opened. Whatever is lost is reported
 * with lt_skip(), and what could be read is used. Free with lt_layer_record_free(). */
struct lt_layer_record *lt_layer_record_load(struct lt_ctx *ctx, const struct lt_layer *layer);

/* The same in three steps, of which the second one touches the record only, and may be done on another thread. With
 * `most`, the packed file is read into memory by the first, which fails if it is larger than that; only then does the
 * second one not read the evidence. */
struct lt_layer_record *lt_layer_record_open(struct lt_ctx *ctx, const struct lt_layer *layer, size_t most,
                                             struct lt_err *err);
void lt_layer_record_read(struct lt_layer_record *record);
void lt_layer_record_report(struct lt_ctx *ctx, const struct lt_layer_record *record);

void lt_layer_record_free(struct lt_layer_record *record);

/* What the record has at `path`, NULL if nothing. */
struct lt_record_entry *lt_layer_record_at(const struct lt_layer_record *record, struct lt_str path);

#endif
