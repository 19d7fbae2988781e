// SPDX-License-Identifier: Apache-2.0
/* Files of assignments that init scripts source and systemd reads as EnvironmentFile= (POSIX sh, 2.2 and 2.9.1; man 5
 * systemd.exec): `NAME=value`, with or without `export`, in double quotes, single quotes or none. A backslash before
 * the end of a line joins it with the next. A # at the beginning of a word starts a comment, as in a shell, but not in
 * systemd. Variables are not expanded. */
#ifndef LT_PARSE_ENVFILE_H
#define LT_PARSE_ENVFILE_H

#include "base/err.h"
#include "base/str.h"

/* Initialise `rest` with the text. */
struct lt_env_text {
    struct lt_str rest;
    unsigned line; /* number of lines read */
};

struct lt_env_line {
    struct lt_str name, value; /* name is borrowed from the text; value is unquoted, in the arena */
    unsigned line;             /* line where it begins, from 1 on */
    bool appends;              /* NAME+=value */
};

/* Read the next assignment. After an unquoted value the rest of the line belongs to it, as in systemd (a shell would
 * run it). LT_END: there are no more. LT_SKIP: the line at out->line is not an assignment (it may mean anything to a
 * shell), or has an unclosed quote. */
enum lt_status lt_env_next(struct lt_env_text *text, struct lt_arena *arena, struct lt_env_line *out);

#endif
