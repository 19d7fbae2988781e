// SPDX-License-Identifier: Apache-2.0
/* Pieces of text that several formats share. All are raw bytes; the caller escapes them for its format. */
#ifndef LT_FORMATS_MESSAGE_H
#define LT_FORMATS_MESSAGE_H

#include "formats/format.h"

/* Bytes of the longest text in a message, and of the facts behind it; "..." marks a cut. The fields hold all. */
enum { LT_MAX_MESSAGE = 8192 };

/* Append a sentence about an event: what happened, in words, then the details, and last what tells the container or
 * image from others of the same name. Of a line in a log the text comes first.
 *
 *   web deleted /etc/motd (hidden: file, 16 bytes of image base:3), between 2026-... and 2026-... [0123456789ab rw]
 *   web started, state: running, exit code: 0 [0123456789ab]
 *   GET /index.html [web 0123456789ab stdout] */
void lt_message(struct lt_buf *out, const struct lt_event *event);

/* Append only the attributes of the event: "start, state: running, ...", or of a line "stdout: GET /index.html". */
void lt_message_facts(struct lt_buf *out, const struct lt_event *event);

/* The word of dfVFS for the type of a file (dfvfs/lib/definitions.py, 2026-09). That of a whiteout is what it is on the
 * disk. */
const char *lt_file_entry_type(uint32_t mode);

/* The colour of something on a terminal (parameters of ECMA-48's SGR): by severity, else by what was done to a file; ""
 * for none. */
const char *lt_color(enum lt_change change, lt_tags tags);

/* The ten characters of ls -l: "-rwsr-x--t". */
void lt_mode_string(struct lt_buf *out, uint32_t mode);

/* Append the four letters of mactime for a row: "m.cb"; "...d" for a deletion, "...u" for a copy-up, "----" for
 * anything that is not a file. */
void lt_macb(struct lt_buf *out, const struct lt_row *row);

#endif
