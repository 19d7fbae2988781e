// SPDX-License-Identifier: Apache-2.0
/* Unit files of systemd and their drop-ins (man 7 systemd.syntax; systemd src/shared/conf-parser.c, v252): sections in
 * brackets, `key=value` lines without white space around both, comments begin with # or ;. A line that ends in a
 * backslash goes on in the next one, the backslash being a blank; comments in between do not end it. */
#ifndef LT_PARSE_UNITFILE_H
#define LT_PARSE_UNITFILE_H

#include "base/err.h"
#include "base/str.h"

/* Initialise `rest` with the text. */
struct lt_unit_text {
    struct lt_str rest, section; /* section: "" before the first one */
    unsigned line;               /* number of lines that were read */
};

struct lt_unit_line {
    struct lt_str section, key, value; /* value in the arena, the others part of it or of the text */
    unsigned line;                     /* where it begins, the first is 1 */
};

/* The next assignment. LT_END: there is none. LT_SKIP: a line, told by out->line, that systemd does not understand: it
 * is neither section nor assignment, or an assignment before the first section. */
enum lt_status lt_unit_next(struct lt_unit_text *text, struct lt_arena *arena, struct lt_unit_line *out);

#endif
