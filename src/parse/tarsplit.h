// SPDX-License-Identifier: Apache-2.0
/* tar-split: a layer's tar without the contents of its files, as lines of JSON in the order of the tar
 * (vbatts/tar-split tar/storage/entry.go and tar/asm/disassemble.go, v0.11):
 *
 *   {"type":2,"payload":BASE64,"position":N}                          a segment: raw bytes (headers, padding)
 *   {"type":1,"name":NAME,"size":N,"payload":BASE64,"position":N}     a file: size and CRC-64 of the omitted contents
 *
 * `name_raw` (base64) replaces a name that is not UTF-8. For an empty file `size` is omitted and `payload` is null. The
 * headers of a file are the segments between it and the file before. */
#ifndef LT_PARSE_TARSPLIT_H
#define LT_PARSE_TARSPLIT_H

#include "parse/tarhead.h"

/* The padding at the end of a tar is cut into segments of 1 MiB: 1.4 MiB of base64. */
enum { LT_TARSPLIT_LINE = 4 * 1024 * 1024 };

/* Cap on the headers of one file: a long name, a long link and PAX records of up to 1 MiB each. */
enum { LT_TARSPLIT_HEADERS = 4 * 1024 * 1024 };

/* Position in the tar. Initialise with {0}, release with lt_tarsplit_free(). */
struct lt_tarsplit {
    struct lt_buf raw;     /* segments since the last file */
    struct lt_buf name;    /* name of the current file */
    struct lt_arena arena; /* memory for its header */
    uint64_t padding;      /* leading bytes of `raw` that pad the last file's contents */
    int64_t position;      /* the next expected position */
    bool overlong;         /* headers were dropped: more than LT_TARSPLIT_HEADERS, or a line was lost */
};

/* Decode the next line. LT_OK: it is a file. LT_END: it is a segment or a PAX global header, and there is nothing to
 * report. LT_SKIP: the line is damaged or out of order, or the headers of its file are damaged. If `out->name` is then
 * not empty, what the line itself says is valid. Strings of `out` are valid until the next line. */
enum lt_status lt_tarsplit_line(struct lt_tarsplit *split, struct lt_str line, struct lt_tar_file *out,
                                struct lt_err *err);

/* Call this when a line was lost before the next one. The headers of the next file are then unknown. */
void lt_tarsplit_lost(struct lt_tarsplit *split);

/* Call this after the last line. LT_SKIP: lines are missing, because a tar consists of whole blocks and ends with
 * zeros. */
enum lt_status lt_tarsplit_end(const struct lt_tarsplit *split, struct lt_err *err);

void lt_tarsplit_free(struct lt_tarsplit *split);

#endif
