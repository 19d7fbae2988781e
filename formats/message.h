// SPDX-License-Identifier: Apache-2.0
/* Pieces of text that several formats share. All are raw bytes: the caller escapes them for its format. */
#ifndef LT_FORMATS_MESSAGE_H
#define LT_FORMATS_MESSAGE_H

#include "formats/format.h"

/* Longest message: what is cut off stands in full in fields of its own. */
enum { LT_MAX_MESSAGE = 8192 };

/* The sentence about an event in the order of Plaso's formatters (plaso/data/formatters/generic.yaml, 2026-07): for
 * files
 * "[web 3f2a9c81d0b4 rw] /path Type: file ...", else "Container identifier: ..., Action: start, ...". */
void lt_message(struct lt_buf *out, const struct lt_event *event);

/* Only what is particular to the event: "Action: start, State: running, ...". */
void lt_message_facts(struct lt_buf *out, const struct lt_event *event);

/* Plaso's word for the type of a file (dfvfs/lib/definitions.py), "whiteout" included. */
const char *lt_file_entry_type(const struct lt_event *event);

/* The ten characters of ls -l: "-rwsr-x--t". */
void lt_mode_string(struct lt_buf *out, uint32_t mode);

/* The four letters of mactime for a row: "m.cb"; "...d" for a deletion, "----" for what is no file. */
void lt_macb(struct lt_buf *out, const struct lt_row *row);

#endif
