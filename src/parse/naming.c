// SPDX-License-Identifier: Apache-2.0
#include "parse/naming.h"

#include "parse/ident.h"
#include "parse/syslog.h"

enum { ID = 64 };

/* What follows `words` in `text`; false if they are not in it. */
static bool behind(struct lt_str text, const char *words, struct lt_str *out)
{
    struct lt_str wanted = lt_str_c(words);
    const char *at = text.len ? memmem(text.ptr, text.len, wanted.ptr, wanted.len) : NULL;
    *out = at ? lt_str_skip(text, (size_t)(at - text.ptr) + wanted.len) : LT_STR("");
    return at;
}

static struct lt_str unquoted(struct lt_str text)
{
    while (text.len && (*text.ptr == '\\' || *text.ptr == '"'))
        text = lt_str_skip(text, 1);
    return text;
}

/* The ID at the start of `text`, quoted or not; "" if there is none. */
static struct lt_str id_at(struct lt_str text)
{
    text = unquoted(text);
    struct lt_str id = {text.ptr, text.len < ID ? text.len : ID};
    return lt_is_id(id) ? id : LT_STR("");
}

/* The member of a Go struct as %+v writes it, up to the comma: "{Name:web,Attempt:0,}". */
static struct lt_str member(struct lt_str text, const char *name)
{
    struct lt_str value;
    return behind(text, name, &value) ? lt_str_cut(&value, ',') : LT_STR("");
}

static bool find_cri(struct lt_str text, struct lt_naming *out)
{
    struct lt_str data, id;
    bool pod = behind(text, "&PodSandboxMetadata{", &data);
    if (!pod && !behind(text, "&ContainerMetadata{", &data))
        return false;
    if (!behind(data, pod ? "} returns sandbox id " : "} returns container id ", &id) || !id_at(id).len)
        return false;
    *out = (struct lt_naming){.kind = pod ? LT_NAMING_POD : LT_NAMING_NAME, .id = id_at(id)};
    data.len = (size_t)(id.ptr - data.ptr);
    out->name = lt_str_starts(data, LT_STR("Name:")) ? member(data, "Name:") : LT_STR("");
    out->attempt = member(data, ",Attempt:");
    out->uid = member(data, ",Uid:");
    out->namespace = member(data, ",Namespace:");
    if (!pod && behind(text, "CreateContainer within sandbox ", &id))
        out->sandbox = id_at(id);
    return out->name.len;
}

/* %q quotes the name; so does logrus the message with it. */
static bool find_conflict(struct lt_str text, struct lt_naming *out)
{
    static const char *const words[] = {"container name ", "The name "};
    struct lt_str name, id;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!behind(text, words[i], &name) || !behind(name, " is already in use by container ", &id))
            continue;
        name = unquoted(name);
        name = lt_str_skip(name, lt_str_starts(name, LT_STR("/")));
        size_t length = 0;
        while (length < name.len && !strchr("\\\" ", name.ptr[length]))
            length++;
        *out = (struct lt_naming){.kind = LT_NAMING_NAME, .id = id_at(id), .name = {name.ptr, length}};
        return out->id.len && length;
    }
    return false;
}

static bool find_start(struct lt_str text, struct lt_naming *out)
{
    struct lt_str id;
    if (!behind(text, "connecting to shim ", &id) || !lt_str_starts(lt_log_field(text, "namespace"), LT_STR("moby")))
        return false;
    *out = (struct lt_naming){.kind = LT_NAMING_START, .id = id_at(id)};
    return out->id.len;
}

static bool find_join(struct lt_str text, struct lt_naming *out)
{
    struct lt_str rest;
    if (!behind(text, "sbJoin: ", &rest))
        return false;
    *out = (struct lt_naming){.kind = LT_NAMING_JOIN, .name = lt_log_field(text, "ep")};
    return out->name.len;
}

struct lt_naming lt_naming_find(struct lt_str text)
{
    static bool (*const finders[])(struct lt_str, struct lt_naming *) = {find_cri, find_conflict, find_start,
                                                                         find_join};
    struct lt_naming found;
    for (size_t i = 0; i < sizeof finders / sizeof *finders; i++)
        if (finders[i](text, &found))
            return found;
    return (struct lt_naming){0};
}
