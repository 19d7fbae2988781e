// SPDX-License-Identifier: Apache-2.0
/* The tables of formats: one line a magic number. Private to evidence/magic/.
 *
 * Offsets of file systems and volumes are those of util-linux 2.38, libblkid/src/superblocks, unless something else is
 * said. */
#ifndef LT_EVIDENCE_MAGIC_FORMATS_H
#define LT_EVIDENCE_MAGIC_FORMATS_H

#include "base/cursor.h"
#include "evidence/identity.h"
#include "evidence/magic/magic.h"

enum {
    LT_MAGIC_BLOCK = 1024,
    LT_MAGIC_SHOWN = 64, /* bytes that a name from the evidence may have in a message; no magic number is longer */
};

/* What a function of the tables looks at. */
struct lt_magic_probe {
    const struct lt_device *device;
    struct lt_arena *arena;
    uint64_t base;          /* where the structure begins on the device */
    struct lt_cursor bytes; /* the first LT_MAGIC_BLOCK bytes of it, or as many as there are */
};

struct lt_magic_format {
    int64_t base; /* where the structure begins: bytes from the start of the device, or from its end if negative */
    unsigned at;  /* of the magic number in it */
    const char *magic;
    size_t length;
    const char *name, *advice; /* as in struct lt_magic; a line without a name ends a table */
    /* Optional: where the structure begins on a device of `size` bytes, instead of `base`. */
    uint64_t (*place)(uint64_t size);
    /* Optional: fill in what a few bytes more tell. False: it is not this format. */
    bool (*look)(struct lt_magic_probe *probe, struct lt_magic *out);
};

/* A magic number and its length. */
#define LT_MAGIC(bytes) bytes, sizeof(bytes) - 1

extern const struct lt_magic_format lt_magic_images[], lt_magic_volumes[], lt_magic_areas[];

/* The UUID, or the label of `size` bytes, at `at` of the structure; "" where that ends before. */
struct lt_str lt_magic_uuid(struct lt_magic_probe *probe, size_t at);
struct lt_str lt_magic_label(struct lt_magic_probe *probe, size_t at, size_t size);

/* At most LT_MAGIC_SHOWN bytes at `offset` of the device, up to the first NUL or line feed, in quotes behind `what`:
 * "backing file 'base.raw'". "" if there are none. */
struct lt_str lt_magic_quote(struct lt_magic_probe *probe, const char *what, uint64_t offset, size_t size);

#endif
