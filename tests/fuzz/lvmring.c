// SPDX-License-Identifier: Apache-2.0
/* A ring of LVM2 metadata. Texts are in the order of their numbers, and a change is not before the text that preceded
 * it.
 *
 * Input: the ring. The UUID is that of the seed. */
#include "evidence/volumes/lvm_history.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_arena arena = {0};
    struct lt_list texts = {0}, changes = {0};
    uint64_t number = 0;
    lt_lvm_texts((struct lt_str){(const char *)data, size}, LT_STR("Q97ilb-CRTm-GueF-Bzdx-nrz2-4ClA-Ttp8zI"), &arena,
                 &texts);
    lt_each (const struct lt_lvm_group, text, &texts) {
        PROMISE(!text_at || text->number > number);
        PROMISE(text->written);
        number = text->number;
    }
    lt_lvm_changes(&texts, &arena, &changes);
    lt_each (const struct lt_volume_change, change, &changes)
        PROMISE(change->last.set && change->number <= number);
    lt_arena_free(&arena);
    return 0;
}
