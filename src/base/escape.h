// SPDX-License-Identifier: Apache-2.0
/* Evidence bytes to text that is safe to print, to parse and to read back. Names and log lines are written by whoever
 * had the container: nothing of them may reach a terminal, a JSON file or a table unescaped. */
#ifndef LT_BASE_ESCAPE_H
#define LT_BASE_ESCAPE_H

#include "base/str.h"

/* Names and text: UTF-8 stays; each byte of a control character (C0, DEL, C1) or of what is no UTF-8 becomes \xNN. A
 * backslash stays, unless what follows would make it look like such an escape: then it becomes \x5c. So the result is
 * valid UTF-8 of one line, and can be decoded without doubt. With `terminal` the invisible characters that change how a
 * line is shown (bidi controls, zero-width characters, line separators, tags) become \u{NNNN}. */
void lt_escape_name(struct lt_buf *out, struct lt_str text, bool terminal);

/* Is it one of those characters that change how a line is shown, and a control character? */
bool lt_is_deceptive(uint32_t code);
bool lt_is_control(uint32_t code);

/* Contents of a JSON string as Python's json.dumps writes it (so psort's form): ASCII only, \uXXXX with lower-case
 * digits, short forms for \b \f \n \r \t, surrogate pairs. Bytes that are no UTF-8 become the text \xNN. No quotes are
 * added. */
void lt_escape_json(struct lt_buf *out, struct lt_str text);

/* Number of bytes at the start of `text` that are printable ASCII and none of `a`, `b`, `c`. */
size_t lt_plain_length(struct lt_str text, char a, char b, char c);

/* lt_escape_name(), lt_escape_json(), and one after the other, for what was appended to `out` since it was `start`
 * bytes long, which stays in place where nothing in it needs an escape. */
void lt_escape_name_from(struct lt_buf *out, size_t start, bool terminal);
void lt_escape_json_from(struct lt_buf *out, size_t start);
void lt_escape_json_name_from(struct lt_buf *out, size_t start);

/* A whole JSON string, quotes included, of a name: lt_escape_name() first, so it is one line and can be decoded. */
void lt_escape_json_name(struct lt_buf *out, struct lt_str name);

#endif
