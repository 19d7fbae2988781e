// SPDX-License-Identifier: Apache-2.0
#include "run/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool is_shown(const struct lt_options *options)
{
    return (!options->output || strcmp(options->output, "-") == 0) && isatty(STDOUT_FILENO);
}

bool lt_terminal_colors(const struct lt_options *options)
{
    const char *none = getenv("NO_COLOR"), *kind = getenv("TERM");
    if (options->color != LT_COLOR_AUTO)
        return options->color == LT_COLOR_ALWAYS;
    return is_shown(options) && !(none && *none) && kind && strcmp(kind, "dumb") != 0;
}

unsigned lt_terminal_width(const struct lt_options *options)
{
    struct winsize size;
    if (options->wide || !is_shown(options) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}
