// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/lvm_text.h"

struct parser {
    struct lt_arena *arena;
    struct lt_str rest;
    size_t nodes;
    struct lt_err *err;
};

static enum lt_status fail(struct parser *parser, const char *what)
{
    return lt_fail(parser->err, LT_SKIP, LT_CODE_DAMAGED, 0, "%s, %zu bytes before its end", what, parser->rest.len);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Blanks, and comments up to the end of their line. */
static void skip_blanks(struct parser *parser)
{
    while (parser->rest.len) {
        char byte = *parser->rest.ptr;
        if (byte == '#')
            lt_str_cut(&parser->rest, '\n');
        else if (is_blank(byte))
            parser->rest = lt_str_skip(parser->rest, 1);
        else
            return;
    }
}

/* Take the byte if it comes next. */
static bool take(struct parser *parser, char byte)
{
    skip_blanks(parser);
    bool there = parser->rest.len && *parser->rest.ptr == byte;
    if (there)
        parser->rest = lt_str_skip(parser->rest, 1);
    return there;
}

static bool is_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           (byte && strchr("_-+./", byte));
}

static struct lt_str take_word(struct parser *parser)
{
    skip_blanks(parser);
    struct lt_str word = {parser->rest.ptr, 0};
    while (word.len < parser->rest.len && is_word(word.ptr[word.len]))
        word.len++;
    parser->rest = lt_str_skip(parser->rest, word.len);
    return word;
}

static struct lt_lvm_node *new_node(struct parser *parser, struct lt_lvm_node *above, struct lt_str name)
{
    if (++parser->nodes > LT_LVM_NODES)
        return NULL;
    struct lt_lvm_node *node = lt_new(parser->arena, struct lt_lvm_node);
    node->name = name;
    lt_list_add(&above->nodes, parser->arena, node);
    return node;
}

/* A backslash stands before a quote or another backslash. */
static enum lt_status take_text(struct parser *parser, struct lt_lvm_node *node)
{
    struct lt_str *rest = &parser->rest;
    size_t length = 0, escapes = 0;
    while (length < rest->len && rest->ptr[length] != '"') {
        bool escape = rest->ptr[length] == '\\';
        escapes += escape;
        length += 1u + escape;
    }
    if (length >= rest->len)
        return fail(parser, "a text without its end");
    node->type = LT_LVM_TEXT;
    node->text = (struct lt_str){rest->ptr, length};
    *rest = lt_str_skip(*rest, length + 1);
    if (!escapes)
        return LT_OK;
    char *plain = lt_arena_alloc(parser->arena, length);
    size_t out = 0;
    for (size_t i = 0; i < length; i++)
        plain[out++] = node->text.ptr[i] == '\\' ? node->text.ptr[++i] : node->text.ptr[i];
    node->text = (struct lt_str){plain, out};
    return LT_OK;
}

/* A number too large for us becomes the largest: no size or time of a volume is near it. */
static enum lt_status take_number(struct parser *parser, struct lt_lvm_node *node)
{
    struct lt_str word = take_word(parser);
    bool minus = word.len && *word.ptr == '-';
    if (minus)
        word = lt_str_skip(word, 1);
    if (!word.len)
        return fail(parser, "neither a number nor a text");
    node->type = LT_LVM_NUMBER;
    for (size_t i = 0; i < word.len; i++) {
        int digit = word.ptr[i] - '0';
        if (digit < 0 || digit > 9)
            return fail(parser, "a number that is none");
        if (node->number > (INT64_MAX - digit) / 10)
            node->number = INT64_MAX;
        else
            node->number = node->number * 10 + digit;
    }
    if (minus)
        node->number = -node->number;
    return LT_OK;
}

static enum lt_status take_scalar(struct parser *parser, struct lt_lvm_node *node)
{
    return take(parser, '"') ? take_text(parser, node) : take_number(parser, node);
}

static enum lt_status take_list(struct parser *parser, struct lt_lvm_node *node)
{
    node->type = LT_LVM_LIST;
    while (!take(parser, ']')) {
        struct lt_lvm_node *item = new_node(parser, node, LT_STR(""));
        if (!item || take_scalar(parser, item) != LT_OK)
            return fail(parser, "a list without its end");
        take(parser, ',');
    }
    return LT_OK;
}

static enum lt_status take_value(struct parser *parser, struct lt_lvm_node *node)
{
    return take(parser, '[') ? take_list(parser, node) : take_scalar(parser, node);
}

/* Up to the brace that closes the section, or at the top to the end. Depth is bounded. */
static enum lt_status take_section(struct parser *parser, struct lt_lvm_node *section, unsigned depth)
{
    if (depth > LT_LVM_DEPTH)
        return fail(parser, "too many sections in sections");
    for (;;) {
        if (depth && take(parser, '}'))
            return LT_OK;
        skip_blanks(parser);
        if (!parser->rest.len)
            return depth ? fail(parser, "a section without its end") : LT_OK;
        struct lt_str name = take_word(parser);
        if (!name.len)
            return fail(parser, "something without a name");
        struct lt_lvm_node *node = new_node(parser, section, name);
        if (!node)
            return fail(parser, "too many entries");
        enum lt_status status = take(parser, '{')   ? take_section(parser, node, depth + 1)
                                : take(parser, '=') ? take_value(parser, node)
                                                    : fail(parser, "a name without a value");
        if (status != LT_OK)
            return status;
    }
}

enum lt_status lt_lvm_parse(struct lt_str text, struct lt_arena *arena, struct lt_lvm_node *root, struct lt_err *err)
{
    *root = (struct lt_lvm_node){0};
    struct parser parser = {.arena = arena, .rest = lt_str_cut(&text, '\0'), .err = err};
    return take_section(&parser, root, 0);
}

const struct lt_lvm_node *lt_lvm_get(const struct lt_lvm_node *section, const char *name)
{
    lt_each (const struct lt_lvm_node, node, &section->nodes)
        if (lt_str_eq(node->name, lt_str_c(name)))
            return node;
    return NULL;
}

static const struct lt_lvm_node *get_as(const struct lt_lvm_node *section, const char *name, enum lt_lvm_type type)
{
    const struct lt_lvm_node *node = lt_lvm_get(section, name);
    return node && node->type == type ? node : NULL;
}

const struct lt_lvm_node *lt_lvm_section(const struct lt_lvm_node *section, const char *name)
{
    return get_as(section, name, LT_LVM_SECTION);
}

const struct lt_lvm_node *lt_lvm_list(const struct lt_lvm_node *section, const char *name)
{
    return get_as(section, name, LT_LVM_LIST);
}

uint64_t lt_lvm_number(const struct lt_lvm_node *section, const char *name, uint64_t absent)
{
    const struct lt_lvm_node *node = get_as(section, name, LT_LVM_NUMBER);
    return node && node->number >= 0 ? (uint64_t)node->number : absent;
}

struct lt_str lt_lvm_string(const struct lt_lvm_node *section, const char *name)
{
    const struct lt_lvm_node *node = get_as(section, name, LT_LVM_TEXT);
    return node ? node->text : LT_STR("");
}

bool lt_lvm_has(const struct lt_lvm_node *section, const char *name, const char *item)
{
    const struct lt_lvm_node *list = lt_lvm_list(section, name);
    if (!list)
        return false;
    lt_each (const struct lt_lvm_node, node, &list->nodes)
        if (node->type == LT_LVM_TEXT && lt_str_eq(node->text, lt_str_c(item)))
            return true;
    return false;
}
