// SPDX-License-Identifier: Apache-2.0
/* Settings in a TOML file (toml.io v1.0), such as containerd's config.toml or storage.conf of Podman. Keys are named
 * with their tables, joined by dots: "root", "storage.graphroot". Arrays of tables are not read. */
#ifndef LT_PARSE_TOMLKEYS_H
#define LT_PARSE_TOMLKEYS_H

#include "base/list.h"
#include "base/str.h"

/* Append the strings that `key` is set to, with their escapes decoded, in `arena`: a string on one line, or the strings
 * of an array. Several settings of a key are all given, in their order. */
void lt_toml_strings(struct lt_arena *arena, struct lt_str text, const char *key, struct lt_list *out);

/* The last of them; "" if there is none. */
struct lt_str lt_toml_string(struct lt_arena *arena, struct lt_str text, const char *key);

#endif
