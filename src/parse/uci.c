// SPDX-License-Identifier: Apache-2.0
#include "parse/uci.h"

#include "parse/words.h"

enum { WORDS = 3 };

/* Cut the next words of a line; returns how many there are, WORDS at most. */
static size_t cut_words(struct lt_str line, struct lt_arena *arena, struct lt_str *words)
{
    size_t count = 0;
    while (count < WORDS && lt_word_next(&line, arena, &words[count]) == LT_OK &&
           !lt_str_starts(words[count], LT_STR("#")))
        count++;
    return count;
}

bool lt_uci_next(struct lt_uci *uci, struct lt_arena *arena, struct lt_uci_option *out)
{
    while (uci->rest.len) {
        struct lt_str words[WORDS];
        size_t count = cut_words(lt_str_cut(&uci->rest, '\n'), arena, words);
        if (count >= 2 && lt_str_eq(words[0], LT_STR("config")))
            uci->section = words[1];
        if (count < WORDS || (!lt_str_eq(words[0], LT_STR("option")) && !lt_str_eq(words[0], LT_STR("list"))))
            continue;
        *out = (struct lt_uci_option){uci->section, words[1], words[2]};
        return true;
    }
    return false;
}
