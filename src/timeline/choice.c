// SPDX-License-Identifier: Apache-2.0
#include "timeline/choice.h"

#include "parse/ident.h"

#include <fnmatch.h>

/* fnmatch() for bytes that may hold a NUL: then the part before it counts. */
static bool matches(struct lt_str pattern, struct lt_str text)
{
    struct lt_buf words = {0};
    lt_buf_add(&words, pattern);
    lt_buf_char(&words, 0);
    lt_buf_add(&words, text);
    lt_buf_char(&words, 0);
    bool found = fnmatch(words.ptr, words.ptr + pattern.len + 1, 0) == 0;
    lt_buf_free(&words);
    return found;
}

/* --- kinds and paths --- */

static bool is_kind(const char *kinds, enum lt_kind kind)
{
    for (struct lt_str rest = lt_str_c(kinds); rest.len;)
        if (matches(lt_str_cut(&rest, ','), lt_str_c(lt_kinds[kind].data_type)))
            return true;
    return false;
}

/* Does the pattern fit the path, or a directory above it? Cuts the path. */
static bool fits_path(const char *pattern, struct lt_buf *path)
{
    while (path->len) {
        lt_buf_char(path, 0);
        if (fnmatch(pattern, path->ptr, 0) == 0)
            return true;
        path->len = lt_str_dirname((struct lt_str){path->ptr, path->len - 1}).len;
    }
    return false;
}

bool lt_choice_path(const char *pattern, struct lt_str path)
{
    struct lt_buf copy = {0};
    lt_buf_add(&copy, path);
    bool found = fits_path(pattern, &copy);
    lt_buf_free(&copy);
    return found;
}

static bool is_at(const char *pattern, const struct lt_event *event)
{
    struct lt_buf path = {0};
    lt_event_inside(&path, event);
    bool found = fits_path(pattern, &path);
    path.len = 0;
    lt_event_path(&path, event);
    found = found || fits_path(pattern, &path);
    lt_buf_free(&path);
    return found;
}

/* --- images and labels --- */

/* A name without its tag fits too. */
static bool is_named(struct lt_str wanted, struct lt_str name)
{
    return matches(wanted, name) ||
           (lt_str_starts(name, wanted) && name.len > wanted.len && name.ptr[wanted.len] == ':');
}

static bool is_image(const char *which, const struct lt_image *image)
{
    struct lt_str wanted = lt_str_c(which), hex = lt_str_skip(image->id, LT_STR("sha256:").len);
    if (lt_str_starts(image->id, wanted) || (lt_str_starts(image->id, LT_STR("sha256:")) && lt_str_starts(hex, wanted)))
        return true;
    lt_each (const struct lt_str, name, &image->names)
        if (is_named(wanted, *name))
            return true;
    return false;
}

static bool is_of_image(const char *which, const struct lt_owner *owner)
{
    if (owner->image && is_image(which, owner->image))
        return true;
    if (owner->layer)
        lt_each (const struct lt_image, image, &owner->layer->images)
            if (is_image(which, image))
                return true;
    return false;
}

static bool has_label(const char *wanted, const struct lt_container *container)
{
    struct lt_str text = lt_str_c(wanted), key = text;
    bool any_value = lt_str_cut(&key, '=').len == text.len;
    for (size_t i = 0; i < container->fact_count; i++) {
        if (container->facts[i].key != LT_ATTR_LABELS)
            continue;
        lt_each (const struct lt_str, label, &container->facts[i].items) {
            struct lt_str rest = *label, name = lt_str_cut(&rest, '=');
            if (lt_str_eq(any_value ? name : *label, text))
                return true;
        }
    }
    return false;
}

static bool is_labelled(const char *wanted, const struct lt_owner *owner)
{
    if (owner->container)
        return has_label(wanted, owner->container);
    if (owner->layer)
        lt_each (const struct lt_container, container, &owner->layer->containers)
            if (has_label(wanted, container))
                return true;
    const struct lt_list *users = lt_owner_users(owner);
    if (users)
        lt_each (const struct lt_mount_user, user, users)
            if (has_label(wanted, user->container))
                return true;
    return false;
}

/* --- the choice --- */

bool lt_choice_tags(const struct lt_choice *choice, lt_tags tags)
{
    return !choice->tags || choice->tags & tags;
}

bool lt_choice_event(const struct lt_choice *choice, const struct lt_event *event)
{
    bool tagged = choice->tags & LT_ROW_TAGS || lt_choice_tags(choice, event->tags);
    return tagged && (!choice->changes || choice->changes >> event->change & 1) &&
           (!choice->kinds || is_kind(choice->kinds, event->kind)) &&
           (!choice->image || is_of_image(choice->image, event->owner)) &&
           (!choice->label || is_labelled(choice->label, event->owner)) &&
           (!choice->path || is_at(choice->path, event));
}

static bool any_image(const char *which, const struct lt_root *root)
{
    lt_each (const struct lt_image, image, &root->images)
        if (is_image(which, image))
            return true;
    return false;
}

static bool any_label(const char *wanted, const struct lt_root *root)
{
    lt_each (const struct lt_container, container, &root->containers)
        if (has_label(wanted, container))
            return true;
    return false;
}

enum lt_status lt_choice_check(const struct lt_choice *choice, const struct lt_inventory *inventory, struct lt_err *err)
{
    bool image = !choice->image, label = !choice->label;
    lt_each (const struct lt_root, root, &inventory->roots) {
        image = image || any_image(choice->image, root);
        label = label || any_label(choice->label, root);
    }
    if (!image)
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "no image matches '%s': see layertime images", choice->image);
    if (!label)
        return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "no container has the label '%s'", choice->label);
    return LT_OK;
}
