// SPDX-License-Identifier: Apache-2.0
/* What the tar of an image layer says of each path. There are two kinds of records:
 *
 * Docker's, <root>/image/<driver>/layerdb/sha256/<chain ID>/tar-split.json.gz (moby daemon/internal/layer/filestore.go;
 * format: parse/tarsplit.h). Docker itself rebuilds the tar from it and the layer's files, for `docker save` and
 * `push`.
 *
 * The tar itself, a blob of containerd's content store: <root>/io.containerd.content.v1.content/blobs/sha256/<hex>
 * (containerd plugins/content/local/store.go, 2.3), plain, gzip or zstd. It may be gone, since containerd can discard
 * what it has unpacked: that is no error. It is read from start to end, because its headers lie between the files. */
#ifndef LT_OVERLAY_LAYER_RECORD_H
#define LT_OVERLAY_LAYER_RECORD_H

#include "overlay/record_entries.h"
#include "read/context.h"

/* Read the record of an image layer. NULL: it is missing, or cannot be opened. Whatever is lost is reported with
 * lt_skip(), and what could be read is used. Free with lt_layer_record_free(). */
struct lt_layer_record *lt_layer_record_load(struct lt_ctx *ctx, const struct lt_layer *layer);

/* The same in three steps. The second step uses only the record and may run on another thread. With `most`, the first
 * step reads the packed file into memory and fails if it is larger than `most` bytes; only then does the second step
 * not read the evidence. Without (0), the second step reads from the evidence. lt_layer_record_open() returns NULL and
 * sets `err` if it fails; it does not set `err` if a blob is missing. */
struct lt_layer_record *lt_layer_record_open(struct lt_ctx *ctx, const struct lt_layer *layer, size_t most,
                                             struct lt_err *err);
void lt_layer_record_read(struct lt_layer_record *record);
void lt_layer_record_report(struct lt_ctx *ctx, const struct lt_layer_record *record);

void lt_layer_record_free(struct lt_layer_record *record);

#endif
