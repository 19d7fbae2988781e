// SPDX-License-Identifier: Apache-2.0
#include "carve/grown.h"

enum lt_carve_step lt_carve_take_text(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used)
{
    (void)find;
    *used = block->text;
    if (!block->text)
        return LT_CARVE_NOT;
    return block->text < block->bytes.len ? LT_CARVE_DONE : LT_CARVE_MORE;
}

enum lt_carve_step lt_carve_take_log(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used)
{
    enum lt_carve_step step = lt_carve_take_text(find, block, used);
    if (step == LT_CARVE_NOT)
        return step;
    find->rest.len = 0;
    lt_buf_add(&find->rest, (struct lt_str){block->bytes.ptr, *used});
    return step;
}

enum lt_carve_step lt_carve_take_document(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used)
{
    struct lt_str text = {block->bytes.ptr, block->text};
    bool before = find->document.closed;
    enum lt_carve_step step = lt_carve_take_text(find, block, used);
    size_t at = lt_carve_document(&find->document, text);
    if (!before && find->document.closed && at == text.len && step == LT_CARVE_MORE)
        return LT_CARVE_DONE;
    return step;
}

bool lt_carve_begins_with(const struct lt_carve_block *block, struct lt_str head)
{
    return block->text >= head.len && memcmp(block->bytes.ptr, head.ptr, head.len) == 0;
}

bool lt_carve_has(const struct lt_carve_block *block, struct lt_str needle, size_t most)
{
    return memmem(block->bytes.ptr, block->text < most ? block->text : most, needle.ptr, needle.len);
}

struct json_t *lt_carve_parse(struct lt_carve_find *find)
{
    struct json_t *json = NULL;
    const char *flaw = NULL;
    struct lt_err ignored = {0};
    if (find->kept.len != find->size || !find->document.closed ||
        lt_json_parse(lt_str_trim(lt_buf_view(&find->kept)), &json, &flaw, &ignored) != LT_OK)
        return NULL;
    find->sound = !flaw;
    return json;
}

struct lt_str lt_carve_keep(struct lt_carve_find *find, struct lt_str text)
{
    return lt_str_dup(&find->arena, text);
}
