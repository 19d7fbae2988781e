// SPDX-License-Identifier: Apache-2.0
/* Turn evidence bytes into text that is safe to print, to parse and to read back. Names and log lines are written by
 * whoever controlled the container, so nothing of them may reach a terminal, a JSON file or a table unescaped. */
#ifndef LT_BASE_ESCAPE_H
#define LT_BASE_ESCAPE_H

#include "base/str.h"

/* For names and text: valid UTF-8 stays; each byte of a control character (C0, DEL, C1) or of invalid UTF-8 becomes
 * \xNN. A backslash stays, unless what follows would make it look like such an escape; then it becomes \x5c. So the
 * result is valid UTF-8, has one line, and can be decoded unambiguously. With `terminal`, the invisible characters that
 * change how a line is displayed (bidi controls, zero-width characters, line separators, tags) become \u{NNNN}. */
void lt_escape_name(struct lt_buf *out, struct lt_str text, bool terminal);

/* Is it one of the characters that change how a line is displayed? Is it a control character? */
bool lt_is_deceptive(uint32_t code);
bool lt_is_control(uint32_t code);

/* The contents of a JSON string as Python's json.dumps (and so psort) writes it: ASCII only, \uXXXX with lower-case
 * digits, short forms for \b \f \n \r \t, surrogate pairs. Invalid UTF-8 bytes become the text \xNN. No quotes are
 * added. */
void lt_escape_json(struct lt_buf *out, struct lt_str text);

/* The most bytes of a value in the output: Lucene's IndexWriter.MAX_TERM_LENGTH. A short value stays below it even if
 * each of its bytes is escaped. */
enum { LT_MAX_VALUE = 32766, LT_SHORT_VALUE = LT_MAX_VALUE / 10 };

/* Number of leading bytes of `text` that have at most LT_MAX_VALUE bytes whichever of these escapes is applied, without
 * cutting a character: text.len if it is short enough. */
size_t lt_value_length(struct lt_str text);

/* Replace the middle of what was appended to `out` since it was `start` bytes long by "...", if it is too long for a
 * value. */
void lt_value_cut(struct lt_buf *out, size_t start);
static inline void lt_value_bound(struct lt_buf *out, size_t start)
{
    if (out->len - start > LT_SHORT_VALUE) /* most are short */
        lt_value_cut(out, start);
}

/* Number of leading bytes of `text` that are printable ASCII and not `a`, `b` or `c`. */
size_t lt_plain_length(struct lt_str text, char a, char b, char c);

/* lt_escape_name(), lt_escape_json(), and one after the other, applied to what was appended to `out` since it was
 * `start` bytes long. If nothing needs an escape, `out` does not change. */
void lt_escape_name_from(struct lt_buf *out, size_t start, bool terminal);
void lt_escape_json_from(struct lt_buf *out, size_t start);
void lt_escape_json_name_from(struct lt_buf *out, size_t start);

/* Append a name as a whole JSON string with its quotes. lt_escape_name() comes first, so the name is one line and can
 * be decoded. */
void lt_escape_json_name(struct lt_buf *out, struct lt_str name);

#endif
