// SPDX-License-Identifier: Apache-2.0
/* Unit files of systemd and their drop-ins (man 7 systemd.syntax; systemd src/shared/conf-parser.c, v252): sections in
 * brackets, lines `key=value` without the white space around both, comments that begin with # or ;. A line that ends in
 * a backslash continues in the next one, with a space for the backslash; comments in between do not end it. */
#ifndef LT_PARSE_UNITFILE_H
#define LT_PARSE_UNITFILE_H

#include "base/err.h"
#include "base/str.h"

/* Initialise `rest` with the text. */
struct lt_unit_text {
    struct lt_str rest, section; /* section: "" before the first one */
    unsigned line;               /* number of lines read */
};

struct lt_unit_line {
    struct lt_str section, key, value; /* all in the arena */
    unsigned line;                     /* line where it begins, from 1 on */
};

/* Read the next assignment. LT_END: there are no more. LT_SKIP: systemd does not understand the line at out->line: it
 * is neither a section nor an assignment, or is an assignment before the first section. */
enum lt_status lt_unit_next(struct lt_unit_text *text, struct lt_arena *arena, struct lt_unit_line *out);

#endif
