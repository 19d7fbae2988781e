// SPDX-License-Identifier: Apache-2.0
/* Parse, then read everything through every getter. */
#include "parse/json.h"

#include "base/utf8.h"
#include "fuzz.h"

static void check_text(struct lt_str text)
{
    while (text.len) {
        struct lt_rune rune = lt_utf8_next(text);
        PROMISE(rune.valid); /* the repair leaves no bad byte, and jansson lets none in */
        text = lt_str_skip(text, rune.size);
    }
}

static void visit(const struct json_t *node, unsigned depth)
{
    PROMISE(depth <= 2048); /* jansson's own limit */
    int64_t number = 1;
    bool is_int = lt_json_int(node, "", &number);
    PROMISE(is_int || number == 0);
    struct lt_str text = lt_json_str(node, "");
    check_text(text);
    PROMISE(!(is_int && text.len) && !(is_int && lt_json_bool(node, "")));
    for (size_t i = 0; i < lt_json_count(node); i++)
        visit(lt_json_item(node, i), depth + 1);
    PROMISE(!lt_json_item(node, lt_json_count(node)));
    void *iter = NULL;
    struct lt_str key;
    const struct json_t *value;
    while (lt_json_next(node, &iter, &key, &value)) {
        PROMISE(lt_json_is_object(node) && value);
        check_text(key);
        visit(value, depth + 1);
    }
}

static void follow_paths(const struct json_t *root)
{
    static const char *const paths[] = {
        "State.StartedAt", "Config.Labels", "rootfs.diff_ids", "a", "a.b", ".", "..", "a."};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int64_t number;
        check_text(lt_json_str(root, paths[i]));
        lt_json_bool(root, paths[i]);
        lt_json_int(root, paths[i], &number);
        lt_json_count(lt_json_at(root, paths[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_t *root = NULL;
    struct lt_err err = {0};
    const char *flaw = NULL;
    enum lt_status status = lt_json_parse((struct lt_str){(const char *)data, size}, &root, &flaw, &err);
    PROMISE(status == LT_OK || status == LT_SKIP);
    PROMISE((status == LT_OK) == (root != NULL));
    PROMISE((status == LT_OK) == !err.set);
    if (root) {
        visit(root, 0);
        follow_paths(root);
    }
    lt_json_free(root);
    return 0;
}
