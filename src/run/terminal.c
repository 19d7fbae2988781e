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

static bool has_colors(const struct lt_options *options)
{
    const char *none = getenv("NO_COLOR"), *kind = getenv("TERM");
    if (options->color != LT_COLOR_AUTO)
        return options->color == LT_COLOR_ALWAYS;
    return is_shown(options) && !(none && *none) && kind && strcmp(kind, "dumb") != 0;
}

static unsigned width_of(const struct lt_options *options)
{
    struct winsize size;
    if (options->wide || !is_shown(options) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

struct lt_style lt_terminal_style(const struct lt_options *options)
{
    return (struct lt_style){
        .raw_cells = options->raw_csv,
        .color = has_colors(options),
        .width = width_of(options),
    };
}
