// SPDX-License-Identifier: Apache-2.0
/* libtsk as a library that is run by a process of its own. This is what it is asked; tsk.c asks. A question begins with
 * its number. */
#ifndef LT_EVIDENCE_IMAGE_LIBTSK_H
#define LT_EVIDENCE_IMAGE_LIBTSK_H

#include "contain/library.h"
#include "evidence/image/partition.h"

enum { LT_TSK_PIECE = 1 << 20 }; /* most bytes that are asked for at once */

enum lt_tsk_question {
    LT_TSK_UNPACK, /* format, path: size of the bytes inside, count of files, their paths */
    LT_TSK_PACKED, /* offset, size: bytes of what was unpacked, and nothing else in the answer */
    LT_TSK_TABLE,  /* size of the device, of a sector, the promised table: is it damaged, size of a block, and for each
                    * partition offset of the table, start, length in blocks, description */
    LT_TSK_FS,     /* size of the device, of a sector, offset: its type ("" if there is none), is it of the family ext,
                    * inode of its root */
    LT_TSK_DESCRIBE, /* inode: mode, size, uid, gid, links, seconds and nanoseconds of m, a, c, b, target */
    LT_TSK_NAMES,    /* inode of a directory: for each entry name, inode, S_IFMT bits of its type or 0 */
    LT_TSK_CONTENT,  /* inode, offset, size: bytes of a file */
    LT_TSK_DEVICE,   /* asked back: offset, size, is it no failure if they are not there: bytes of the device */
};

enum lt_packed { LT_PACKED_NONE, LT_PACKED_SEGMENTS, LT_PACKED_EWF, LT_PACKED_VMDK, LT_PACKED_VHD };

extern const struct lt_library lt_library_tsk;

/* Begin a question in `buffer`. */
static inline void lt_tsk_ask(struct lt_buf *buffer, enum lt_tsk_question question)
{
    buffer->len = 0;
    lt_put_number(buffer, question);
}

/* Version of libtsk, static. */
const char *lt_tsk_version(void);

#endif
