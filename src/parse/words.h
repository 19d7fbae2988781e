// SPDX-License-Identifier: Apache-2.0
/* Words of a command line as systemd splits it (man 5 systemd.service, "Command lines"; systemd
 * src/basic/extract-word.c and escape.c, v252): separated by white space; single and double quotes hold blanks and are
 * dropped, anywhere in a word; C escapes and \s (a blank) count inside and outside of both. A shell differs only within
 * single quotes. */
#ifndef LT_PARSE_WORDS_H
#define LT_PARSE_WORDS_H

#include "base/err.h"
#include "base/str.h"

/* Cut the next word off `rest`, in `arena`. An escape that is none stays as it is written. LT_END: there is none.
 * LT_SKIP: a quote is not closed; then nothing is left, and systemd ignores the whole line. */
enum lt_status lt_word_next(struct lt_str *rest, struct lt_arena *arena, struct lt_str *out);

#endif
