// SPDX-License-Identifier: Apache-2.0
/* The commands: what a user can ask for. One file here plus one line in commands.def.
 *
 *   command.c      the table
 *   timeline.c     every event in order: the main job
 *   containers.c   every container, with its state and what sets it apart
 *   images.c       every image
 *   volumes.c      every volume, and who mounts it where
 *   ids.c          all identifiers and paths of one container
 *   diff.c         what a container changed
 *   who.c          whose a path is
 *   pick.c         the one container that the user means
 *   record.c       a thing as keys and values: a row of a table, or an object of JSON
 */
#ifndef LT_COMMAND_COMMAND_H
#define LT_COMMAND_COMMAND_H

#include "run/command.h"

/* NULL-terminated table made from commands.def; the first is the main job, whose name may be left out. */
extern const struct lt_command *const lt_commands[];

/* By name, or NULL. */
const struct lt_command *lt_command_named(const char *name);

#endif
