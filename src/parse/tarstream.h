// SPDX-License-Identifier: Apache-2.0
/* The members of a tar as its bytes come in, without keeping their contents. What ends an archive, which members have
 * data and where those of a sparse file begin is as in Go's archive/tar (src/archive/tar/reader.go, 1.22), which
 * containerd unpacks layers with. */
#ifndef LT_PARSE_TARSTREAM_H
#define LT_PARSE_TARSTREAM_H

#include "base/crc64.h"
#include "parse/tarhead.h"

/* Cap on the headers of one member: a long name, a long link and PAX records of up to 1 MiB each. */
enum { LT_TARSTREAM_HEADERS = 4 * 1024 * 1024 };

/* Position in the tar. Initialise with lt_tarstream_init(), release with lt_tarstream_free(). */
struct lt_tarstream {
    struct lt_crc64 crc64;
    struct lt_arena arena;   /* of the current member */
    struct lt_tar_file file; /* the current member */
    uint64_t left, padding;  /* bytes of its data, and of the padding behind them, that are still to come */
    uint64_t crc;            /* of its data so far */
    bool inside;             /* its headers were read, and it was not told yet */
    bool ended, lost;        /* the end of the archive came; damage came */
};

/* Begin a tar. */
void lt_tarstream_init(struct lt_tarstream *tar);

/* Take bytes from the front of `bytes`; `*used` is how many. LT_OK: `out` is the next member, with the CRC-64 of its
 * data if it is a file that has any and is not sparse. LT_END: call again with the bytes that were not used and more
 * behind them. Behind the end of the archive all bytes are used. LT_SKIP: there is damage, behind which no member can
 * be found. All bytes are used then and later. */
enum lt_status lt_tarstream_next(struct lt_tarstream *tar, struct lt_str bytes, size_t *used, struct lt_tar_file *out,
                                 struct lt_err *err);

/* The bytes are at their end, with `rest` of them not used. LT_OK: so is the archive, or damage was told. LT_END: it
 * ends behind a member, without the zeros that end an archive; readers accept that. LT_SKIP: it breaks off. */
enum lt_status lt_tarstream_end(const struct lt_tarstream *tar, size_t rest, struct lt_err *err);

void lt_tarstream_free(struct lt_tarstream *tar);

#endif
