// SPDX-License-Identifier: Apache-2.0
/* Reads the tar of a layer, in little memory whatever its size. */
#ifndef LT_OVERLAY_RECORD_TAR_H
#define LT_OVERLAY_RECORD_TAR_H

#include "overlay/record_entries.h"

/* Read all of record->stream, which is a blob, and fill in the record. The SHA-256 of the blob must be its name, and
 * that of the tar in it the layer's diff ID, if that is known: what differs is a problem of the record, which is then
 * `doubtful` but remains of use. Nothing is compared in a build without libcrypto. It may run on any thread that may
 * read the stream. */
void lt_record_read_tar(struct lt_layer_record *record);

#endif
