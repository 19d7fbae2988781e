// SPDX-License-Identifier: Apache-2.0
#include "model/told.h"

struct lt_container *lt_told_find(const struct lt_host *host, struct lt_str id)
{
    lt_each (const struct lt_root, root, &host->roots) {
        struct lt_container *container = lt_map_get(&root->removed_by_id, id);
        if (container)
            return container;
    }
    lt_each (const struct lt_root, root, &host->roots)
        lt_each (struct lt_container, container, &root->containers)
            if (container->tags & LT_TAG_BIT(configuration_missing) && lt_str_eq(container->id, id))
                return container;
    return NULL;
}

bool lt_told_exists(const struct lt_host *host, struct lt_str id)
{
    lt_each (const struct lt_root, root, &host->roots)
        lt_each (const struct lt_container, container, &root->containers)
            if (lt_str_eq(container->id, id))
                return true;
    return false;
}

const struct lt_owner *lt_told_layer(const struct lt_root *root, struct lt_str name)
{
    struct lt_gone_layer *layer = lt_map_get(&root->gone_layers, name);
    const struct lt_container *container = layer ? lt_told_find(root->host, layer->container) : NULL;
    if (!container)
        return NULL;
    layer->owner = container->owner;
    layer->owner.role = layer->role;
    return &layer->owner;
}

struct lt_container *lt_told_container(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id)
{
    struct lt_container *known = lt_map_get(&root->container_by_id, id);
    if (known)
        return known;
    lt_each (const struct lt_root, other, &root->host->roots)
        lt_each (struct lt_container, container, &other->containers)
            if (lt_str_eq(container->id, id))
                return container;
    return lt_inventory_removed(inventory, root, id);
}

/* A source that is called again tells the same again. */
static void note(struct lt_inventory *inventory, struct lt_container *container, struct lt_str text)
{
    if (!lt_list_has_str(&container->told_by, text))
        lt_list_add_str(&container->told_by, inventory->arena, text);
}

void lt_told_name(struct lt_inventory *inventory, struct lt_container *container, struct lt_str name, bool inferred,
                  struct lt_str by)
{
    const lt_tags tag = LT_TAG_BIT(name_inferred);
    if (!container || !name.len)
        return;
    bool better = !container->name.len || (container->tags & tag && !inferred);
    if (better) {
        container->name = lt_str_dup(inventory->arena, name);
        container->tags = inferred ? container->tags | tag : container->tags & ~tag;
    }
    if (better || !lt_str_eq(container->name, name))
        note(inventory, container,
             lt_str_format(inventory->arena, "name %.*s%s: %.*s", LT_ARG(name), inferred ? ", inferred" : "",
                           LT_ARG(by)));
}

void lt_told_image(struct lt_inventory *inventory, struct lt_container *container, struct lt_str typed,
                   struct lt_str by)
{
    struct lt_arena *arena = inventory->arena;
    if (!container || !typed.len || lt_container_typed(container).len)
        return;
    struct lt_attr *facts = lt_new_array(arena, struct lt_attr, container->fact_count + 1);
    if (container->fact_count)
        memcpy(facts, container->facts, container->fact_count * sizeof *facts);
    facts[container->fact_count++] = (struct lt_attr){.key = LT_ATTR_IMAGE, .text = lt_str_dup(arena, typed)};
    container->facts = facts;
    note(inventory, container, lt_str_format(arena, "image %.*s: %.*s", LT_ARG(typed), LT_ARG(by)));
}

void lt_told_pod(struct lt_inventory *inventory, struct lt_container *container, struct lt_str uid, struct lt_str name,
                 struct lt_str namespace)
{
    if (!container || container->pod.len || container->pod_name.len)
        return;
    container->pod = lt_str_dup(inventory->arena, uid);
    container->pod_name = lt_str_dup(inventory->arena, name);
    container->pod_namespace = lt_str_dup(inventory->arena, namespace);
}

/* The layers of `container` that may be those of an image, top first: from the first one on that a committed snapshot
 * has the name of. What containerd makes between these and the rw layer has other names. */
static struct lt_list image_layers(const struct lt_container *container)
{
    struct lt_list layers = container->layers;
    const struct lt_layer *top;
    while (layers.count && (top = layers.items[0])->namespace.len && !lt_str_starts(top->id, LT_STR("sha256:"))) {
        layers.items++;
        layers.count--;
    }
    return layers;
}

static bool has_layers(const struct lt_image *image, const struct lt_list *layers)
{
    bool same = layers->count == image->layers.count && image->layers.count == image->diff_ids.count;
    for (size_t i = 0; same && i < layers->count; i++)
        same = layers->items[i] == image->layers.items[layers->count - 1 - i];
    return same || lt_list_has(&image->copies, layers->items[0]);
}

/* All images that have these layers are named, since it may be any of them. */
static void infer_image(struct lt_inventory *inventory, struct lt_container *container, const struct lt_list *layers)
{
    const struct lt_root *root = container->rw ? container->rw->root : container->root;
    struct lt_image *found = NULL;
    struct lt_buf names = {0};
    size_t count = 0;
    lt_each (struct lt_image, image, &root->images) {
        if (!has_layers(image, layers))
            continue;
        lt_buf_add(&names, lt_str_c(count++ ? ", " : ""));
        lt_buf_add(&names, image->names.count ? lt_image_name(image) : image->id);
        found = image;
    }
    if (count > 1)
        note(inventory, container,
             lt_str_format(inventory->arena, "image: one of %.*s, which have its layers", LT_ARG(lt_buf_view(&names))));
    lt_buf_free(&names);
    if (count != 1)
        return;
    container->image = found;
    container->tags |= LT_TAG_BIT(image_inferred);
    note(inventory, container, LT_STR("image: the only one here with its layers"));
}

/* Is its image unknown, or another one than the name means now? */
static bool is_image_open(const struct lt_container *container, const struct lt_list *layers)
{
    const struct lt_image *image = container->image;
    if (!layers->count)
        return false;
    if (!image)
        return !container->image_id.len;
    return container->image_by_name && image->diff_ids.count && !has_layers(image, layers);
}

void lt_told_by_layers(struct lt_inventory *inventory, struct lt_root *root)
{
    lt_each (struct lt_container, container, &root->containers) {
        const struct lt_list layers = image_layers(container);
        if (!is_image_open(container, &layers))
            continue;
        container->image = NULL;
        container->image_id = LT_STR("");
        infer_image(inventory, container, &layers);
    }
}

struct lt_list lt_told_removed(const struct lt_root *root, struct lt_arena *arena)
{
    struct lt_list found = {0};
    lt_each (struct lt_container, container, &root->removed) {
        bool is_one = container->id.len || lt_identifier_of(&container->identifiers, "attempt").len;
        if (is_one && !lt_told_exists(container->root->host, container->id))
            lt_list_add(&found, arena, container);
    }
    return found;
}
