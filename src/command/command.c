// SPDX-License-Identifier: Apache-2.0
#include "command/command.h"

#include <string.h>

#define COMMAND(name) extern const struct lt_command lt_command_##name;
#include "command/commands.def"
#undef COMMAND

const struct lt_command *const lt_commands[] = {
#define COMMAND(name) &lt_command_##name,
#include "command/commands.def"
#undef COMMAND
    NULL,
};

const struct lt_command *lt_command_named(const char *name)
{
    for (size_t i = 0; lt_commands[i]; i++)
        if (strcmp(lt_commands[i]->name, name) == 0)
            return lt_commands[i];
    return NULL;
}
