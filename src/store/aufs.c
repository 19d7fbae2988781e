// SPDX-License-Identifier: Apache-2.0
/* aufs (linux aufs Documentation, moby go-archive/whiteouts.go): the deletion of NAME is an empty regular file
 * .wh.NAME, in rw layers a hard link to .wh..wh.aufs. Names that begin with ".wh..wh." are aufs's own bookkeeping. */
#include "store/mechanics.h"

static enum lt_meaning aufs_meaning(const struct lt_node *node, struct lt_str *subject)
{
    if (!lt_str_starts(node->name, LT_STR(".wh.")))
        return LT_PLAIN;
    if (lt_str_eq(node->name, LT_OPAQUE_NAME))
        return LT_OPAQUE;
    if (lt_str_starts(node->name, LT_STR(".wh..wh.")))
        return LT_INTERNAL;
    *subject = lt_str_skip(node->name, 4);
    return S_ISREG(node->mode) && !node->size ? LT_WHITEOUT : LT_PLAIN;
}

const struct lt_mechanics lt_mechanics_aufs = {
    .named_marks = true,
    .meaning = aufs_meaning,
};
