// SPDX-License-Identifier: Apache-2.0
/* Setters for the options whose values are words that we know. */
#ifndef LT_OPTION_WORDS_H
#define LT_OPTION_WORDS_H

#include "run/options.h"

struct lt_near;

/* Say that a word is not known, with the nearest that is. `what` is what it should be, `help` where to look; both are
 * static. Returns LT_SKIP with LT_CODE_USAGE. */
enum lt_status lt_unknown_word(const char *what, const struct lt_near *near, const char *help, struct lt_err *err);

/* Take the value of an option: a list of words with commas between them, a duration, the name of a profile, a size or a
 * number. LT_SKIP with LT_CODE_USAGE: a word that is not known. */
enum lt_status lt_set_tags(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_changes(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_roles(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_color(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_progress(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_kinds(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_last(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_profile(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_memory(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_limit(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_threads(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_unpack_limit(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_state(struct lt_options *options, const char *value, struct lt_err *err);

/* May the choice go with the format? Tags of rows, and the newest evidence, are not known before all is read. */
enum lt_status lt_choice_goes_with(const struct lt_choice *choice, const struct lt_format *format, struct lt_err *err);

#endif
