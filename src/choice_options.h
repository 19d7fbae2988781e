// SPDX-License-Identifier: Apache-2.0
/* Setters for the options that choose events by what they say (struct lt_choice). */
#ifndef LT_CHOICE_OPTIONS_H
#define LT_CHOICE_OPTIONS_H

#include "run/options.h"

/* Take the value of an option: a list of words with commas between them, a duration, or the name of a profile. LT_SKIP
 * with LT_CODE_USAGE: a word that is not known. */
enum lt_status lt_set_tags(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_changes(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_kinds(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_last(struct lt_options *options, const char *value, struct lt_err *err);
enum lt_status lt_set_profile(struct lt_options *options, const char *value, struct lt_err *err);

/* May the choice go with the format? Tags of rows, and the newest evidence, are not known before all is read. */
enum lt_status lt_choice_goes_with(const struct lt_choice *choice, const struct lt_format *format, struct lt_err *err);

#endif
