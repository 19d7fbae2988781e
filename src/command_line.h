// SPDX-License-Identifier: Apache-2.0
/* The command line. One table of options feeds parsing and --help. A command takes some of the options. */
#ifndef LT_COMMAND_LINE_H
#define LT_COMMAND_LINE_H

#include "run/options.h"

/* Parse argv into `options`, in which only `now` must be set. LT_SKIP with LT_CODE_USAGE and a message for the user. */
enum lt_status lt_options_parse(struct lt_options *options, int argc, char **argv, struct lt_err *err);

/* Append the text of --help for one command and its options, or (NULL, or the main job) for the whole program. */
void lt_options_help(struct lt_buf *out, const struct lt_command *command);

#endif
