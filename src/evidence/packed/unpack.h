// SPDX-License-Identifier: Apache-2.0
/* A disk image that is packed as a whole, with gzip, zstd or xz. Nothing in such a file can be read without all that
 * comes before it, so it is unpacked once, into a temporary file, if the user gave a directory for that. */
#ifndef LT_EVIDENCE_PACKED_UNPACK_H
#define LT_EVIDENCE_PACKED_UNPACK_H

#include "evidence/device.h"
#include "evidence/fs.h"

/* Unpack `file` into evidence->args.room, which leaves holes where there are zeros. `*out` reads from there, and is not
 * to be closed. A file that breaks off, or is damaged further on, becomes a note. LT_END: the file is not packed, or
 * there is no room. LT_SKIP: nothing can be unpacked, or more than the room may take; `err` says why. LT_FATAL: the run
 * is to end. */
enum lt_status lt_packed_unpack(struct lt_evidence *evidence, const struct lt_device *file, struct lt_device *out,
                                struct lt_err *err);

#endif
