// SPDX-License-Identifier: Apache-2.0
/* Files that an image names, and that lie beside it. A name comes from hostile bytes, so nothing else is ever opened:
 * no other directory, nothing behind a symbolic link, no device, no address on a network. */
#ifndef LT_EVIDENCE_PACKED_BESIDE_H
#define LT_EVIDENCE_PACKED_BESIDE_H

#include "base/err.h"
#include "evidence/device.h"

struct lt_beside {
    struct lt_device device; /* open */
    struct lt_str path;      /* NUL-terminated */
    bool moved;              /* the name tells another directory */
    dev_t dev;
    ino_t ino;
};

/* Open the file beside `spec` that has the last part of `name`, which may be a path of the machine that made the image.
 * `spec` NULL: there is none. After LT_OK the device is to be closed; all that `out` holds lives in `arena`. LT_SKIP:
 * it is not there, `err` says so without the name. */
enum lt_status lt_beside_open(const char *spec, struct lt_str name, struct lt_arena *arena, struct lt_beside *out,
                              struct lt_err *err);

/* Does the name begin with a protocol of QEMU, as "nbd:" and "json:" (QEMU 7.2, docs/system/qemu-block-drivers)? */
bool lt_beside_is_protocol(struct lt_str name);

#endif
