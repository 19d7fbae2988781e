// SPDX-License-Identifier: Apache-2.0
#include "model/inventory.h"
#include "model/runtime.h"
#include "parse/ident.h"

struct lt_str lt_image_name(const struct lt_image *image)
{
    lt_each (struct lt_str, name, &image->names)
        if (!memchr(name->ptr, '@', name->len))
            return *name;
    return image->names.count ? *(const struct lt_str *)image->names.items[0] : LT_STR("");
}

/* A reference without a tag means "latest"; containerd's names are whole. */
static bool is_name(struct lt_str name, struct lt_str reference)
{
    return lt_str_eq(name, reference) ||
           (lt_str_starts(name, reference) && lt_str_eq(lt_str_skip(name, reference.len), LT_STR(":latest")));
}

/* containerd's records have whole names, also of images that their runtime shows with shorter ones. */
static const struct lt_str *name_like(const struct lt_image *image, struct lt_str reference)
{
    struct lt_str shown = image->runtime->image_name ? image->runtime->image_name(reference) : LT_STR("");
    lt_each (struct lt_str, name, &image->names)
        if (reference.len && (is_name(*name, reference) || (shown.len && is_name(*name, shown))))
            return name;
    return NULL;
}

struct lt_str lt_container_typed(const struct lt_container *container)
{
    for (size_t i = 0; i < container->fact_count; i++)
        if (container->facts[i].key == LT_ATTR_IMAGE)
            return container->facts[i].text;
    return LT_STR("");
}

struct lt_str lt_owner_image_name(const struct lt_owner *owner)
{
    const struct lt_container *container = owner->container;
    const struct lt_str *name =
        container && owner->image == container->image ? name_like(owner->image, lt_container_typed(container)) : NULL;
    return name ? *name : lt_image_name(owner->image);
}

/* Docker takes an ID with its algorithm or without, and the beginning of one. */
static bool is_id_of(const struct lt_image *image, struct lt_str typed)
{
    return lt_str_starts(image->id, typed) || lt_str_starts(lt_digest_hex(image->id), typed);
}

bool lt_container_typed_holds(const struct lt_container *container)
{
    struct lt_str typed = lt_container_typed(container);
    return container->image && typed.len && (name_like(container->image, typed) || is_id_of(container->image, typed));
}

const struct lt_image *lt_container_typed_now(const struct lt_container *container)
{
    const struct lt_root *root = container->image ? container->image->root : container->root;
    struct lt_str typed = lt_container_typed(container);
    lt_each (const struct lt_image, image, &root->images)
        if (lt_str_eq(image->namespace, container->image ? container->image->namespace : container->namespace) &&
            name_like(image, typed))
            return image;
    return NULL;
}

void lt_label(struct lt_buf *out, struct lt_str name, struct lt_str id)
{
    lt_buf_add(out, name);
    if (name.len && id.len)
        lt_buf_char(out, '@');
    lt_buf_add(out, lt_short_id(id));
}

static size_t count_users(const struct lt_list *users)
{
    const struct lt_container *last = NULL;
    size_t count = 0;
    lt_each (const struct lt_mount_user, user, users) {
        count += user->container != last;
        last = user->container;
    }
    return count;
}

static void add_volume(struct lt_buf *out, const struct lt_volume *volume)
{
    const struct lt_container *only = lt_only_user(&volume->users);
    lt_buf_add(out, lt_is_id(volume->name) ? lt_short_id(volume->name) : volume->name);
    if (only) {
        lt_buf_char(out, ':');
        lt_label(out, only->name, only->id);
    } else if (volume->users.count) {
        lt_buf_printf(out, ":%zu containers", count_users(&volume->users));
    }
}

void lt_owner_label(struct lt_buf *out, const struct lt_owner *owner)
{
    if (owner->role == LT_ROLE_VOLUME)
        add_volume(out, owner->volume);
    else if (owner->container)
        lt_label(out, owner->container->name, owner->container->id);
    else if (owner->image)
        lt_label(out, lt_image_name(owner->image), owner->image->id);
    else if (owner->layer)
        lt_buf_add(out, lt_short_id(owner->layer->id));
    else
        lt_buf_lit(out, "host");
}
