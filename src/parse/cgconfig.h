// SPDX-License-Identifier: Apache-2.0
/* /etc/cgconfig.conf and the files of /etc/cgconfig.d (libcgroup src/parse.y and lex.l, man 5 cgconfig.conf): blocks
 *
 *   group docker/web { perm { ... } memory { memory.limit_in_bytes = 512M; } }
 *
 * of which `group` and `template` name a control group, with a block for each controller, and /etc/cgrules.conf (man 5
 * cgrules.conf): "user[:process] controllers destination". Comments begin with #; words may be in double quotes. */
#ifndef LT_PARSE_CGCONFIG_H
#define LT_PARSE_CGCONFIG_H

#include "base/err.h"
#include "base/str.h"

/* Initialise `rest` with the text. */
struct lt_cg_text {
    struct lt_str rest;
    struct lt_str group, controller; /* "" outside of one */
    unsigned depth;                  /* blocks that are open; those of `perm`, `mount` and `default` count, too */
    unsigned line;                   /* number of line ends that were read */
};

struct lt_cg_line {
    struct lt_str group, controller, key, value; /* all part of the text */
    unsigned line;                               /* the first is 1 */
};

/* The next setting of a controller of a group. Where a group or a controller begins, that comes with empty values
 * behind it. LT_END: there is none. LT_SKIP: what stands at out->line is not understood, and passed over. */
enum lt_status lt_cg_next(struct lt_cg_text *text, struct lt_cg_line *out);

/* One rule of cgrules.conf. */
struct lt_cg_rule {
    struct lt_str who, controllers, group; /* part of the text */
    unsigned line;
};

/* The next rule, `*line` counting lines. LT_SKIP: a line with less than three words. */
enum lt_status lt_cg_rule_next(struct lt_str *rest, unsigned *line, struct lt_cg_rule *out);

#endif
