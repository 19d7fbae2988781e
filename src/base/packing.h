// SPDX-License-Identifier: Apache-2.0
/* How files are packed, and how they are unpacked: one file per library, and one line in packing.c. */
#ifndef LT_BASE_PACKING_H
#define LT_BASE_PACKING_H

#include "base/err.h"
#include "base/str.h"

enum { LT_PACKING_MAGIC = 10 }; /* as many bytes tell how a file is packed */

/* The beginning of what a packing has for one file. */
struct lt_unpacker {
    bool inside; /* a member, frame or stream has begun and has not ended; at the end of the input it is incomplete */
    bool holds;  /* a call without input may give more bytes */
};

/* Only `name` and one of `magic` and `is` are there if this build cannot unpack it. */
struct lt_packing {
    const char *name;
    struct lt_str magic;            /* how its files begin */
    bool (*is)(struct lt_str head); /* the same, where one string does not tell */
    /* Begin a file with any number of members, frames or streams. Free it with end(), which takes NULL too. */
    struct lt_unpacker *(*begin)(void);
    /* Consume bytes from the front of `in`, write up to `room` unpacked bytes to `out` and store their number in
     * `*got`. LT_OK: call again, with more input if `in` is empty. LT_END: `in` is empty and what it held is complete;
     * what follows must begin anew. LT_SKIP: the data is damaged, or asks for too much memory; the `*got` bytes are
     * still good. */
    enum lt_status (*unpack)(struct lt_unpacker *unpacker, struct lt_str *in, char *out, size_t room, size_t *got,
                             struct lt_err *err);
    void (*end)(struct lt_unpacker *unpacker);
    const char *(*version)(void); /* of the library */
};

extern const struct lt_packing lt_gzip; /* RFC 1952 */
/* RFC 1951: what is in gzip, alone. No magic tells it, so nothing finds it but who knows that it is there. */
extern const struct lt_packing lt_deflated;

/* RFC 1950. Files are not packed so, but parts of file systems are: lt_packing_of() does not know it. */
extern const struct lt_packing lt_zlib;

/* RFC 8878, also with frames to be skipped, as zstd:chunked has them; those give no bytes. A window of more than 128
 * MiB is refused, which is what libzstd and its program do unless they are told otherwise. */
extern const struct lt_packing lt_zstd;

/* The .xz File Format 1.2.1, also with padding between streams. What needs more than 128 MiB of memory is refused;
 * `xz -9` needs 65. */
extern const struct lt_packing lt_xz;

/* How a file is packed that begins with `head`: its first LT_PACKING_MAGIC bytes, or all that it has. NULL: it is
 * plain.
 */
const struct lt_packing *lt_packing_of(struct lt_str head);

/* The version of the library, or NULL in a build without it. */
const char *lt_packing_version(const struct lt_packing *packing);

#endif
