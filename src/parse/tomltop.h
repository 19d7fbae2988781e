// SPDX-License-Identifier: Apache-2.0
/* Settings at the top of a TOML file (toml.io v1.0), such as containerd's config.toml. Tables are not read. */
#ifndef LT_PARSE_TOMLTOP_H
#define LT_PARSE_TOMLTOP_H

#include "base/str.h"

/* The string that `key` is set to before the first table, with its escapes decoded, in `arena`; "" if there is none or
 * it is not a string on one line. The last one counts if there are several. */
struct lt_str lt_toml_top(struct lt_arena *arena, struct lt_str text, const char *key);

#endif
