// SPDX-License-Identifier: Apache-2.0
/* An identifier or digest that is all of a file: cache-id, diff, parent, mount-id and init-id of Docker's layers (moby
 * daemon/internal/layer/filestore.go, 1.10 to 28.x), and the hash of resolv.conf. */
#include "carve/grown.h"
#include "parse/ident.h"

enum { LONGEST = 80 };

static bool is_one(struct lt_str text)
{
    struct lt_str line = text;
    if (lt_str_ends(line, LT_STR("\n")))
        line.len--;
    if (lt_digest_hex(line).len)
        return true;
    if (lt_str_ends(line, LT_STR("-init")))
        line.len -= LT_STR("-init").len;
    return lt_is_id(line);
}

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    (void)skip;
    return block->text <= LONGEST && block->text < block->bytes.len &&
           is_one((struct lt_str){block->bytes.ptr, block->text});
}

static bool finish(struct lt_carve_find *find)
{
    find->said.layer = lt_carve_keep(find, lt_str_trim(lt_buf_view(&find->kept)));
    find->sound = find->fresh;
    return true;
}

const struct lt_carve_format lt_carve_id_line = {
    .name = "identifier",
    .text = true,
    .cuts = LT_CARVE_CUTS_ALWAYS,
    .keep = LONGEST,
    .begins = begins,
    .take = lt_carve_take_text,
    .finish = finish,
    .why = "it may be the end of a longer text",
};
