// SPDX-License-Identifier: Apache-2.0
/* A command line: its words are no longer than the text, each step uses some of it up, and every option is one of the
 * words or a name that we know. */
#include "parse/dockerd.h"
#include "parse/words.h"

#include "fuzz.h"

enum { MOST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lt_arena arena = {0};
    struct lt_list words = {0};
    struct lt_str rest = take_rest(&input), word;
    size_t left = rest.len, total = 0, at = 0;
    for (enum lt_status status; (status = lt_word_next(&rest, &arena, &word)) != LT_END; left = rest.len) {
        PROMISE(rest.len < left && (status == LT_OK || !rest.len));
        total += word.len;
        struct lt_str *kept = lt_new(&arena, struct lt_str);
        *kept = word;
        lt_list_add(&words, &arena, kept);
    }
    PROMISE(total <= size);
    struct lt_dockerd_option option;
    for (size_t before = 0; lt_dockerd_next(&words, &at, &option) == LT_OK; before = at) {
        PROMISE(at > before && at <= words.count);
        PROMISE(option.value.len <= size || lt_str_eq(option.value, LT_STR("true")));
        PROMISE(lt_dockerd_reach(option.value) <= LT_REACH_NETWORK);
        PROMISE(lt_listen_reach(option.value) <= LT_REACH_NETWORK);
    }
    struct lt_list split = {0};
    lt_words_split(&split, &arena, (struct lt_str){(const char *)data, size}, MOST);
    PROMISE(split.count <= MOST && lt_words_option(&split, "data-root", 'g').len <= size);
    lt_arena_free(&arena);
    return 0;
}
