// SPDX-License-Identifier: Apache-2.0
/* What a user may have meant with words of the command line that make no sense. Each answer says how to write it. */
#ifndef LT_COMMAND_MISTAKES_H
#define LT_COMMAND_MISTAKES_H

#include "command/command.h"

/* The words of a command line that are not options. */
struct lt_words {
    const struct lt_command *command; /* the one that will run */
    bool named;                       /* its name is among the words */
    const char *operand;              /* NULL: none */
    char **evidence;
    int count; /* of the evidence */
};

/* Look for a command after its evidence, a command that is misspelt, and evidence before what is asked of it. A word
 * that names a file is never a mistake. LT_SKIP with LT_CODE_USAGE: there is one. */
enum lt_status lt_mistakes(const struct lt_words *words, struct lt_err *err);

/* The command `name` ("help": NULL), for its help. LT_SKIP with LT_CODE_USAGE: there is none. */
enum lt_status lt_help_on(const char *name, const struct lt_command **out, struct lt_err *err);

#endif
