// SPDX-License-Identifier: Apache-2.0
/* The words of a command line as systemd splits it (man 5 systemd.service, "Command lines"; systemd
 * src/basic/extract-word.c and escape.c, v252). White space separates words. Single and double quotes may begin
 * anywhere in a word; they hold spaces and are removed. C escapes and \s (a space) count inside and outside of both. A
 * shell differs only within single quotes. */
#ifndef LT_PARSE_WORDS_H
#define LT_PARSE_WORDS_H

#include "base/err.h"
#include "base/list.h"
#include "base/str.h"

/* Read the next word of `rest` into `arena`. An invalid escape is kept as it is written. LT_END: there are no more.
 * LT_SKIP: a quote is not closed; `rest` is then empty, and systemd ignores the whole line. */
enum lt_status lt_word_next(struct lt_str *rest, struct lt_arena *arena, struct lt_str *out);

/* Append the words of a command to `words` (of struct lt_str *), `most` in all. A word with white space, such as the
 * command of `sh -c "..."`, is split once more, and of NAME="-x ..." only the options are taken. What stands in an open
 * quote is left out. */
void lt_words_split(struct lt_list *words, struct lt_arena *arena, struct lt_str command, size_t most);

/* The last value of an option that names a path: "--NAME VALUE", "--NAME=VALUE", the same with one dash, and with a
 * letter (0: it has none) "-L VALUE", "-LVALUE", "-L=VALUE" (Go's flag, pflag and urfave/cli). A letter may mean
 * something else to another command, so its value is to look like a path. "" if the option is not there. */
struct lt_str lt_words_option(const struct lt_list *words, const char *name, char letter);

#endif
