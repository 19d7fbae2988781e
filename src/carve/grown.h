// SPDX-License-Identifier: Apache-2.0
/* How a find grows, for formats alike. Private to carve/. */
#ifndef LT_CARVE_GROWN_H
#define LT_CARVE_GROWN_H

#include "carve/format.h"
#include "parse/json.h"

enum { LT_CARVE_SMALL = 64 * 1024 }; /* what most formats look at again */

#define LT_CARVE_NO_BEGIN "text has no mark of its begin, nor of an end where a block ends"

/* lt_carve_format.take of text: it goes on until zeros follow, or what is no text. */
enum lt_carve_step lt_carve_take_text(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used);

/* The same for a log. `rest` is its last block, for the time of the last record. */
enum lt_carve_step lt_carve_take_log(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used);

/* The same for a JSON document. Also ends where the document does, if that is the end of the block. What follows on the
 * document, as in a log of one document a line, is text. */
enum lt_carve_step lt_carve_take_document(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used);

/* Does a text begin with this? */
bool lt_carve_begins_with(const struct lt_carve_block *block, struct lt_str head);

/* Is `needle` within the first `most` bytes of the text of the block? */
bool lt_carve_has(const struct lt_carve_block *block, struct lt_str needle, size_t most);

/* The find is one JSON document, and was kept whole: parse it. NULL: it is none. Free it with lt_json_free(). Sets
 * `sound`. */
struct json_t *lt_carve_parse(struct lt_carve_find *find);

/* A copy that lives as long as the find. */
struct lt_str lt_carve_keep(struct lt_carve_find *find, struct lt_str text);

#endif
