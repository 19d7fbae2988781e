// SPDX-License-Identifier: Apache-2.0
/* The words of a command line as systemd splits it (man 5 systemd.service, "Command lines"; systemd
 * src/basic/extract-word.c and escape.c, v252). White space separates words. Single and double quotes may begin
 * anywhere in a word; they hold spaces and are removed. C escapes and \s (a space) count inside and outside of both. A
 * shell differs only within single quotes. */
#ifndef LT_PARSE_WORDS_H
#define LT_PARSE_WORDS_H

#include "base/err.h"
#include "base/str.h"

/* Read the next word of `rest` into `arena`. An invalid escape is kept as it is written. LT_END: there are no more.
 * LT_SKIP: a quote is not closed; `rest` is then empty, and systemd ignores the whole line. */
enum lt_status lt_word_next(struct lt_str *rest, struct lt_arena *arena, struct lt_str *out);

#endif
