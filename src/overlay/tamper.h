// SPDX-License-Identifier: Apache-2.0
/* The tamper check: does an image layer hold what its tar put there? Nothing writes to an image layer once it is
 * unpacked. What differs from the record of its tar (layer_record.h) was done behind the runtime's back:
 *
 *   layer_planted  not in the tar
 *   layer_changed  type, size, mode, owner, target, device number or contents differ from the tar
 *   layer_touched  the mtime differs
 *   layer_missing  in the tar, but missing from the layer: an event of its own
 *
 * Contents are compared by their CRC-64 only, which does not stop anyone who can compute one, and reading them all
 * takes long. So only two kinds of files are read: those whose ctime, which no program can set, is outside the interval
 * of the unpacking, and those that differ in something else. With --verify-layers all are read. This misses contents
 * changed through the block device or with the clock set back, and a record that was forged along with them.
 *
 * An untouched layer looks like this (measured on Docker 20.10 with overlay2 on ext4 and XFS, userns-remap, and vfs):
 * every entry has the header's mtime to the nanosecond, directories too. The root of the layer is an exception: it is
 * the driver's and is not checked. All ctimes lie between the birth of the layer's directory and the mtime of its
 * tar-split.json.gz. A driver that copies whole layers (vfs) keeps the mtimes of what it copies.
 *
 * The same holds for a layer that containerd unpacked (measured on containerd 1.6 and 2.3, overlayfs and native, on
 * ext4), with the commit of its snapshot as the end of the unpacking; but native, which copies, does not keep those of
 * directories. A layer that a build made lies beside the tar as well: that tree is no image layer. */
#ifndef LT_OVERLAY_TAMPER_H
#define LT_OVERLAY_TAMPER_H

#include "read/context.h"

/* The check of the layers of one store. */
struct lt_tamper;

/* Owned by the caller; `ctx` is borrowed. */
struct lt_tamper *lt_tamper_new(struct lt_ctx *ctx);
void lt_tamper_free(struct lt_tamper *tamper);

/* The layer `next` will be walked after the one that begins next, so that its record can be read ahead. NULL: there is
 * none, or it is unknown. `tamper` may be NULL. */
void lt_tamper_expect(struct lt_tamper *tamper, const struct lt_layer *next);

/* The walk of `layer` begins. Read its record, and report what is lost of it. False: the layer has no record, or is not
 * part of an image. Then there is nothing to check, and the two functions below must not be called. */
bool lt_tamper_begin(struct lt_tamper *tamper, const struct lt_layer *layer);

/* Compare one allocated entry of that layer, which the event is about, and add tags and facts to the event. `subject`
 * is the name that it removes if it is a whiteout, else "". What is added is valid until the next call. */
void lt_tamper_check(struct lt_tamper *tamper, struct lt_event *event, struct lt_str subject);

/* The whole layer was walked: emit what is missing from it. */
enum lt_status lt_tamper_end(struct lt_tamper *tamper, struct lt_err *err);

#endif
