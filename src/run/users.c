// SPDX-License-Identifier: Apache-2.0
#include "run/users.h"

#include "base/escape.h"

/* A list of IDs that was opened under `key`. */
struct ids {
    struct lt_buf *out;
    size_t count;
};

static struct ids open_ids(struct lt_buf *out, const char *key)
{
    lt_buf_printf(out, ", \"%s\": [", key);
    return (struct ids){out, 0};
}

static void add_id(struct ids *ids, struct lt_str id)
{
    lt_buf_add(ids->out, ids->count++ ? LT_STR(", ") : LT_STR(""));
    lt_escape_json_name(ids->out, id);
}

static void open_object(struct lt_buf *out, bool is_first, const char *key, struct lt_str name)
{
    lt_buf_printf(out, "%s\n        {\"%s\": ", is_first ? "" : ",", key);
    lt_escape_json_name(out, name);
}

static void put_layer(struct lt_buf *out, const struct lt_layer *layer, bool is_first)
{
    open_object(out, is_first, "layer_identifier", lt_layer_name(layer));
    struct ids containers = open_ids(out, "used_by_containers");
    lt_each (const struct lt_container, container, &layer->containers)
        add_id(&containers, container->id);
    lt_buf_char(out, ']');
    struct ids images = open_ids(out, "used_by_images");
    lt_each (const struct lt_image, image, &layer->images)
        add_id(&images, image->id);
    lt_buf_lit(out, "]}");
}

static void put_volume(struct lt_buf *out, const struct lt_volume *volume, bool is_first)
{
    const struct lt_container *last = NULL;
    open_object(out, is_first, "volume_name", volume->name);
    struct ids containers = open_ids(out, "used_by_containers");
    lt_each (const struct lt_mount_user, user, &volume->users) {
        if (user->container != last)
            add_id(&containers, user->container->id);
        last = user->container;
    }
    lt_buf_lit(out, "]}");
}

void lt_users_put(struct lt_buf *out, const struct lt_root *root)
{
    size_t count = 0;
    lt_buf_lit(out, ", \"layer_users\": [");
    lt_each (const struct lt_layer, layer, &root->layers)
        if (layer->role == LT_ROLE_IMAGE)
            put_layer(out, layer, !count++);
    count = 0;
    lt_buf_lit(out, "], \"volume_users\": [");
    lt_each (const struct lt_volume, volume, &root->volumes)
        put_volume(out, volume, !count++);
    lt_buf_char(out, ']');
}
