// SPDX-License-Identifier: Apache-2.0
/* Deleted files of a data root, by their paths:
 *
 *   containers/<container ID>/...                                   records and logs of the container
 *   image/<driver>/layerdb/mounts/<container ID>/{mount-id,init-id,parent} name the directories of its layers
 *   image/<driver>/imagedb/content/sha256/<image ID>                the configuration of the image
 *   image/<driver>/repositories.json                                names of images
 *   volumes/<name>/_data/...                                        files of the volume
 *   <layers of a driver>/<directory>[/<content>]/...                in a layer
 *
 * See layer.c for the records, and driver/driver.h for where a driver keeps its layers. */
#include "runtime/docker/gone.h"

#include "parse/ident.h"
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
    if (!lt_is_id(*id))
        return false;
    *rest = after;
    return true;
}

/* The daemon saves to ".tmp-<name><number>", which it renames (moby pkg/ioutils/fswriters.go, 20.10; moby/sys
 * atomicwriter, 28). */
static bool is_saved(struct lt_str name, const char *word)
{
    const struct lt_str before = LT_STR(".tmp-");
    if (!lt_str_starts(name, before))
        return lt_str_eq(name, lt_str_c(word));
    name = lt_str_skip(name, before.len);
    if (!lt_str_starts(name, lt_str_c(word)))
        return false;
    name = lt_str_skip(name, strlen(word));
    while (name.len && *name.ptr >= '0' && *name.ptr <= '9')
        name = lt_str_skip(name, 1);
    return !name.len;
}

/* containers/<ID> itself, or a file in it. The log keeps its name until it is rotated, which gives another file that
 * name. */
static enum lt_docker_gone_kind kind_of_record(struct lt_str id, struct lt_str name)
{
    const struct lt_str log = LT_STR("-json.log");
    if (is_saved(name, "config.v2.json"))
        return LT_GONE_CONFIG;
    if (is_saved(name, "hostconfig.json"))
        return LT_GONE_HOSTCONFIG;
    if (!name.len || lt_str_eq(name, LT_STR("hostname")) || lt_str_eq(name, LT_STR("hosts")) ||
        (name.len == id.len + log.len && lt_str_starts(name, id) && lt_str_ends(name, log)))
        return LT_GONE_LASTING;
    return LT_GONE_FILE;
}

static enum lt_docker_gone_kind kind_of_mount(struct lt_str name)
{
    return lt_str_eq(name, LT_STR("mount-id"))  ? LT_GONE_RW_NAME
           : lt_str_eq(name, LT_STR("init-id")) ? LT_GONE_INIT_NAME
           : lt_str_eq(name, LT_STR("parent"))  ? LT_GONE_PARENT
                                                : LT_GONE_FILE;
}

/* image/<driver>/... */
static bool in_images(struct lt_str rest, struct lt_gone *out, enum lt_docker_gone_kind *kind)
{
    lt_str_cut(&rest, '/'); /* the driver */
    if (is_saved(rest, "repositories.json")) {
        *kind = LT_GONE_NAMES;
    } else if (take_word(&rest, "imagedb")) {
        bool known = take_word(&rest, "content") && take_word(&rest, "sha256") && lt_is_id(rest);
        *kind = known ? LT_GONE_IMAGE : LT_GONE_FILE;
        out->image = known ? rest : LT_STR("");
    } else if (take_word(&rest, "layerdb") && take_word(&rest, "mounts") && take_id(&rest, &out->container)) {
        *kind = kind_of_mount(rest);
    }
    out->is_record = *kind != LT_GONE_FILE;
    return out->is_record;
}

/* volumes/<name>: the directory of a volume, that of its files, and these. */
static bool in_volumes(struct lt_str rest, struct lt_gone *out, enum lt_docker_gone_kind *kind)
{
    out->volume = lt_str_cut(&rest, '/');
    out->within = lt_str_starts(rest, LT_STR("_data/"));
    out->inside = out->within ? lt_str_skip(rest, strlen("_data")) : LT_STR("");
    *kind = rest.len ? LT_GONE_FILE : LT_GONE_VOLUME;
    return out->volume.len && !lt_str_starts(out->volume, LT_STR("metadata.db"));
}

static bool in_records(struct lt_str rest, struct lt_gone *out, enum lt_docker_gone_kind *kind)
{
    if (take_word(&rest, "containers")) {
        bool found = take_id(&rest, &out->container);
        *kind = found ? kind_of_record(out->container, rest) : LT_GONE_FILE;
        out->is_record = *kind == LT_GONE_CONFIG || *kind == LT_GONE_HOSTCONFIG;
        return found;
    }
    if (take_word(&rest, "volumes"))
        return in_volumes(rest, out, kind);
    return take_word(&rest, "image") && in_images(rest, out, kind);
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

bool lt_docker_gone_path(const struct lt_root *root, struct lt_str path, struct lt_gone *out,
                         enum lt_docker_gone_kind *kind)
{
    struct lt_str rest;
    *out = (struct lt_gone){0};
    *kind = LT_GONE_FILE;
    if (!lt_path_behind(path, root->path, &rest) || rest.len < 2)
        return false;
    rest = lt_str_skip(rest, 1);
    if (in_records(rest, out, kind))
        return true;
    for (size_t i = 0; lt_docker_drivers[i]; i++)
        if (in_layer(lt_docker_drivers[i], rest, out))
            return true;
    *out = (struct lt_gone){0};
    return false;
}

bool lt_docker_gone(const struct lt_root *root, struct lt_str path, struct lt_gone *out)
{
    enum lt_docker_gone_kind kind;
    return lt_docker_gone_path(root, path, out, &kind);
}
