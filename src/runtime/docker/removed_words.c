// SPDX-License-Identifier: Apache-2.0
/* Who tells what of that which was removed. */
#include "runtime/docker/removed.h"

bool lt_docker_is_later(struct lt_time time, struct lt_time other)
{
    return time.set && (!other.set || lt_time_cmp(time, other) > 0);
}

struct lt_str lt_docker_words_of(struct lt_arena *arena, enum lt_recovery method, struct lt_str path,
                                 struct lt_str witness)
{
    return lt_str_format(arena, "%s %.*s: %.*s", lt_recovery_words[method], LT_ARG(path), LT_ARG(witness));
}

void lt_docker_tell(struct lt_ctx *ctx, struct lt_list *witnesses, const char *cell, bool known, struct lt_str by)
{
    lt_each (struct lt_identifier, witness, witnesses)
        if (known && strcmp(witness->name, cell) == 0) {
            witness->value = by;
            return;
        }
    if (known)
        lt_identifier_add(ctx->inventory, witnesses, cell, by);
}
