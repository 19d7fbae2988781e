// SPDX-License-Identifier: Apache-2.0
/* The commands. One file here plus one line in commands.def. */
#ifndef LT_COMMAND_COMMAND_H
#define LT_COMMAND_COMMAND_H

#include "run/command.h"

/* NULL-terminated table made from commands.def; the first is the main job, whose name may be left out. */
extern const struct lt_command *const lt_commands[];

/* By name, or NULL. */
const struct lt_command *lt_command_named(const char *name);

#endif
