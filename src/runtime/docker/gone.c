// SPDX-License-Identifier: Apache-2.0
/* Deleted files of a data root, by their paths:
 *
 *   containers/<container ID>/...                                   records and logs of the container
 *   image/<driver>/layerdb/mounts/<container ID>/{mount-id,init-id} name the directories of its layers
 *   <layers of a driver>/<directory>[/<content>]/...                in a layer
 *
 * See layer.c for the records, and driver/driver.h for where a driver keeps its layers. */
#include "runtime/docker/gone.h"

#include "parse/ident.h"
#include "parse/json.h"
#include "runtime/docker/driver/driver.h"

static bool take_word(struct lt_str *rest, const char *word)
{
    struct lt_str name = *rest, given = lt_str_cut(&name, '/');
    if (!lt_str_eq(given, lt_str_c(word)))
        return false;
    *rest = name;
    return true;
}

/* The next component, if it is the ID of a container. */
static bool take_id(struct lt_str *rest, struct lt_str *id)
{
    struct lt_str after = *rest;
    *id = lt_str_cut(&after, '/');
    if (!lt_is_id(*id) || !after.len)
        return false;
    *rest = after;
    return true;
}

static bool in_records(struct lt_str rest, struct lt_gone *out)
{
    if (take_word(&rest, "containers")) {
        bool found = take_id(&rest, &out->container);
        out->is_record = found && lt_str_eq(rest, LT_STR("config.v2.json"));
        return found;
    }
    if (!take_word(&rest, "image"))
        return false;
    lt_str_cut(&rest, '/'); /* the driver */
    if (!take_word(&rest, "layerdb") || !take_word(&rest, "mounts") || !take_id(&rest, &out->container))
        return false;
    out->names_layer = lt_str_eq(rest, LT_STR("mount-id")) || lt_str_eq(rest, LT_STR("init-id"));
    out->role = lt_str_eq(rest, LT_STR("mount-id")) ? LT_ROLE_RW : LT_ROLE_INIT;
    return true;
}

/* Go down from the layer's directory to its tree of files. False: the path leads elsewhere. */
static bool take_content(const struct lt_docker_driver *driver, struct lt_str *rest)
{
    struct lt_str words = lt_str_c(driver->content ? driver->content : ""), after = *rest;
    while (words.len)
        if (!lt_str_eq(lt_str_cut(&words, '/'), lt_str_cut(&after, '/')))
            return false;
    *rest = after;
    return after.len;
}

static bool in_layer(const struct lt_docker_driver *driver, struct lt_str rest, struct lt_gone *out)
{
    if (!take_word(&rest, driver->layers))
        return false;
    out->layer = lt_str_cut(&rest, '/');
    if (!rest.len)
        return false;
    out->within = take_content(driver, &rest);
    out->inside = out->within ? (struct lt_str){rest.ptr - 1, rest.len + 1} : LT_STR(""); /* with the slash before */
    return true;
}

bool lt_docker_gone(const struct lt_root *root, struct lt_str path, struct lt_gone *out)
{
    struct lt_str rest;
    *out = (struct lt_gone){0};
    if (!lt_path_behind(path, root->path, &rest) || rest.len < 2)
        return false;
    rest = lt_str_skip(rest, 1);
    if (in_records(rest, out))
        return true;
    for (size_t i = 0; lt_docker_drivers[i]; i++)
        if (in_layer(lt_docker_drivers[i], rest, out))
            return true;
    *out = (struct lt_gone){0};
    return false;
}

struct lt_str lt_docker_gone_name(struct lt_str record, struct lt_arena *arena)
{
    struct json_t *json = NULL;
    const char *flaw = NULL;
    struct lt_err ignored = {0};
    struct lt_str name = LT_STR("");
    if (lt_json_parse(record, &json, &flaw, &ignored) == LT_OK && !flaw)
        name = lt_json_str(json, "Name");
    if (lt_str_starts(name, LT_STR("/")))
        name = lt_str_skip(name, 1);
    name = lt_str_dup(arena, name);
    lt_json_free(json);
    return name;
}
