// SPDX-License-Identifier: Apache-2.0
/* tar-split: all of a layer's tar but the contents of its files, as lines of JSON in the order of the tar
 * (vbatts/tar-split tar/storage/entry.go and tar/asm/disassemble.go, v0.11):
 *
 *   {"type":2,"payload":BASE64,"position":N}                          a segment: raw bytes (headers, padding)
 *   {"type":1,"name":NAME,"size":N,"payload":BASE64,"position":N}     a file: size and CRC-64 of what is left out here
 *
 * `name_raw` (base64) stands in for a name that is no UTF-8; `size` is left out, and `payload` null, where the file is
 * empty. The headers of a file are the segments between it and the file before. */
#ifndef LT_PARSE_TARSPLIT_H
#define LT_PARSE_TARSPLIT_H

#include "parse/tarhead.h"

/* The padding behind a tar is cut into segments of 1 MiB: 1.4 MiB of base64. */
enum { LT_TARSPLIT_LINE = 4 * 1024 * 1024 };

/* Headers of one file: a long name, a long link and PAX records of up to 1 MiB each. */
enum { LT_TARSPLIT_HEADERS = 4 * 1024 * 1024 };

/* Where in the tar the reader is. Initialise with {0}, release with lt_tarsplit_free(). */
struct lt_tarsplit {
    struct lt_buf raw;     /* segments since the last file */
    struct lt_buf name;    /* of the file at hand */
    struct lt_arena arena; /* what its header needs */
    uint64_t padding;      /* bytes of `raw` that only fill up the last file's block */
    int64_t position;      /* the next one expected */
    bool overlong;         /* more headers than LT_TARSPLIT_HEADERS: not kept */
};

/* One file of the tar. Strings are valid until the next line. */
struct lt_tarsplit_file {
    struct lt_str name;
    uint64_t size;
    uint64_t crc; /* of its contents, if has_crc */
    bool has_crc;
    bool has_head; /* the headers could be read */
    struct lt_tarhead head;
};

/* Take the next line. LT_OK: it is a file. LT_END: it is a segment or a PAX global header, nothing to tell. LT_SKIP: it
 * is damaged, or out of order, or the headers of its file are; in that last case `out->name` is not empty, and what the
 * line itself says holds. */
enum lt_status lt_tarsplit_line(struct lt_tarsplit *split, struct lt_str line, struct lt_tarsplit_file *out,
                                struct lt_err *err);

/* A line was lost before the next one: what is missing is not known, so the headers of the next file are not, either.
 */
void lt_tarsplit_lost(struct lt_tarsplit *split);

/* All lines were taken. LT_SKIP: there must have been more, for a tar ends with zeros, after whole blocks. */
enum lt_status lt_tarsplit_end(const struct lt_tarsplit *split, struct lt_err *err);

void lt_tarsplit_free(struct lt_tarsplit *split);

#endif
