// SPDX-License-Identifier: Apache-2.0
/* Pieces of text that several formats share. All are raw bytes; the caller escapes them for its format. */
#ifndef LT_FORMATS_MESSAGE_H
#define LT_FORMATS_MESSAGE_H

#include "formats/format.h"

/* Bytes of the longest message that is not of a file; "..." marks a cut. The fields hold the full text. */
enum { LT_MAX_MESSAGE = 8192 };

/* Append one sentence about an event, in the order of Plaso's formatters (plaso/data/formatters/generic.yaml, 2026-07):
 * for files "[web 3f2a9c81d0b4 rw] /path Type: file ...", else "Container identifier: ..., Action: start, ...". */
void lt_message(struct lt_buf *out, const struct lt_event *event);

/* Append only the attributes of the event: "Action: start, State: running, ...". */
void lt_message_facts(struct lt_buf *out, const struct lt_event *event);

/* Plaso's word for the type of a file (dfvfs/lib/definitions.py), or "whiteout". */
const char *lt_file_entry_type(const struct lt_event *event);

/* The ten characters of ls -l: "-rwsr-x--t". */
void lt_mode_string(struct lt_buf *out, uint32_t mode);

/* Append the four letters of mactime for a row: "m.cb"; "...d" for a deletion, "...u" for a copy-up, "----" for
 * anything that is not a file. */
void lt_macb(struct lt_buf *out, const struct lt_row *row);

#endif
