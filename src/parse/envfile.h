// SPDX-License-Identifier: Apache-2.0
/* Files of assignments that init scripts source and systemd reads as EnvironmentFile= (POSIX sh, 2.2 and 2.9.1; man 5
 * systemd.exec): `NAME=value`, with or without `export`, in double quotes, single quotes, or none; a backslash before
 * the end of a line joins it with the next. What follows a # at the beginning of a word is a comment, as it is for a
 * shell, though not for systemd. No variable is put in. */
#ifndef LT_PARSE_ENVFILE_H
#define LT_PARSE_ENVFILE_H

#include "base/err.h"
#include "base/str.h"

/* Initialise `rest` with the text. */
struct lt_env_text {
    struct lt_str rest;
    unsigned line; /* number of lines that were read */
};

struct lt_env_line {
    struct lt_str name, value; /* value in the arena, unquoted */
    unsigned line;             /* where it begins, the first is 1 */
    bool appends;              /* NAME+=value */
};

/* The next assignment. Behind an unquoted value the rest of the line belongs to it, as it does for systemd (a shell
 * would run it). LT_END: there is none. LT_SKIP: a line, told by out->line, that is no assignment (to a shell it may
 * mean anything), or a quote without end. */
enum lt_status lt_env_next(struct lt_env_text *text, struct lt_arena *arena, struct lt_env_line *out);

#endif
