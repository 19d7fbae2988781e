// SPDX-License-Identifier: Apache-2.0
/* Values in databases of bbolt, which has no checksums of what it holds: a value that cannot be decoded costs itself,
 * and is reported with its place. A changed byte that makes another valid value cannot be noticed. */
#ifndef LT_READ_VALUES_H
#define LT_READ_VALUES_H

#include "parse/bbolt.h"
#include "read/context.h"

/* Is what is wrong with this item a loss? Pages that no tree uses may be reused in part. */
static inline bool lt_bolt_counts(const struct lt_bolt_item *item)
{
    return !item->known && (item->origin == LT_BOLT_LIVE || (item->origin == LT_BOLT_OLDER && item->stands_in));
}

/* Report what is wrong with an item of `database`: its offset, buckets and key stand before the text. Does nothing for
 * one that does not count. */
void lt_skip_value(struct lt_ctx *ctx, struct lt_str database, const struct lt_bolt_item *item, const char *code,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Report a key or a bucket that no version is known to have, once for each `kind` of place and last name. */
void lt_skip_unknown(struct lt_ctx *ctx, struct lt_str database, const struct lt_bolt_item *item, struct lt_map *told,
                     struct lt_str kind);

/* Can `found` be the name `known` with a few bytes changed that lie together? False for short names. */
bool lt_is_altered(struct lt_str found, struct lt_str known);

/* Report a key that can be one of `keys`, which ends with NULL, altered so. Other keys are somebody else's. */
void lt_skip_altered(struct lt_ctx *ctx, struct lt_str database, const struct lt_bolt_item *item,
                     const char *const keys[]);

/* Parse `text`, which is the value of `item` or a part of it, as a JSON object. Reports flaws, and members that can be
 * one of `members`, which ends with NULL, altered. NULL: it is none, which is reported. Free with lt_json_free(). */
struct json_t *lt_value_json_or_skip(struct lt_ctx *ctx, struct lt_str database, const struct lt_bolt_item *item,
                                     struct lt_str text, const char *const members[]);

#endif
