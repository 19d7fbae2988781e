// SPDX-License-Identifier: Apache-2.0
/* Attributes of an event that is being built. They live in `arena`, in the order of adding. */
#ifndef LT_READ_FACTS_H
#define LT_READ_FACTS_H

#include "read/source.h"

/* Append one item, "<before><text>", copied to `arena`, to a separate list attribute. */
void lt_fact_add(struct lt_list *items, struct lt_arena *arena, const char *before, struct lt_str text);

/* Initialise with {.arena = ...}. */
struct lt_facts {
    struct lt_arena *arena;
    struct lt_attr attrs[LT_ATTRS];
    size_t count;
};

/* Set a text (copied; does nothing if it is empty) or a number. */
void lt_facts_text(struct lt_facts *facts, enum lt_attr_key key, struct lt_str text);
void lt_facts_int(struct lt_facts *facts, enum lt_attr_key key, int64_t number);

/* Append to the list `key`, which is created on first use. */
void lt_facts_item(struct lt_facts *facts, enum lt_attr_key key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Append "<word> <text>" to the list of facts. Does nothing if the text is empty. */
void lt_fact(struct lt_facts *facts, const char *word, struct lt_str text);

/* Append a space and an argument of a command, quoted if a shell needs it. */
void lt_command_add_argument(struct lt_buf *line, struct lt_str argument);

/* lt_emit_one() with these attributes. */
enum lt_status lt_facts_emit(const struct lt_facts *facts, struct lt_ctx *ctx, struct lt_event *event,
                             struct lt_err *err);

#endif
