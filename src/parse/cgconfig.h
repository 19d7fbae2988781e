// SPDX-License-Identifier: Apache-2.0
/* /etc/cgconfig.conf and the files of /etc/cgconfig.d (libcgroup src/parse.y and lex.l, man 5 cgconfig.conf) hold
 * blocks
 *
 *   group docker/web { perm { ... } memory { memory.limit_in_bytes = 512M; } }
 *
 * `group` and `template` name a control group and have a block for each controller. /etc/cgrules.conf (man 5
 * cgrules.conf) holds lines "user[:process] controllers destination". Comments begin with #; words may be in double
 * quotes. */
#ifndef LT_PARSE_CGCONFIG_H
#define LT_PARSE_CGCONFIG_H

#include "base/err.h"
#include "base/str.h"

/* Initialise `rest` with the text. */
struct lt_cg_text {
    struct lt_str rest;
    struct lt_str group, controller; /* "" outside a group or controller */
    unsigned depth;                  /* number of open blocks, including `perm`, `mount` and `default` */
    unsigned line;                   /* number of line ends read */
};

struct lt_cg_line {
    struct lt_str group, controller, key, value; /* borrowed from the text */
    unsigned line;                               /* starts at 1 */
};

/* Read the next setting of a controller of a group. The beginning of a group or controller is returned as a line with
 * an empty key and value. LT_END: there are no more. LT_SKIP: the text at out->line is not understood and was skipped,
 * or a block is still open at the end. */
enum lt_status lt_cg_next(struct lt_cg_text *text, struct lt_cg_line *out);

/* One rule of cgrules.conf. */
struct lt_cg_rule {
    struct lt_str who, controllers, group; /* borrowed from the text */
    unsigned line;
};

/* Read the next rule; `*line` counts lines. LT_END: there are no more. LT_SKIP: a line with fewer than three words. */
enum lt_status lt_cg_rule_next(struct lt_str *rest, unsigned *line, struct lt_cg_rule *out);

#endif
