// SPDX-License-Identifier: Apache-2.0
#include "model/tag.h"

#include "base/escape.h"
#include "model/inventory.h"

#include <sys/stat.h>

static lt_tags layer_tags(const struct lt_owner *owner)
{
    const struct lt_layer *layer = owner->layer;
    bool orphan = !layer->container && !layer->images.count && !layer->containers.count;
    return layer->tags | (orphan ? LT_TAG_BIT(orphan_layer) : 0) | (layer->inferred ? LT_TAG_BIT(owner_inferred) : 0);
}

/* Does the name contain anything that a terminal would not show as it is? */
static bool is_odd(struct lt_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char byte = (unsigned char)name.ptr[i];
        if (byte >= 0x20 && byte < 0x7F)
            continue;
        struct lt_buf shown = {0};
        lt_escape_name(&shown, name, true);
        bool odd = !lt_str_eq(lt_buf_view(&shown), name);
        lt_buf_free(&shown);
        return odd;
    }
    return false;
}

static lt_tags file_tags(const struct lt_event *event)
{
    const struct lt_node *node = event->node;
    bool writable = event->owner->role == LT_ROLE_RW || event->owner->role == LT_ROLE_VOLUME;
    bool device = (S_ISCHR(node->mode) || S_ISBLK(node->mode)) && !(event->tags & LT_TAG_BIT(whiteout));
    lt_tags tags = is_odd(node->name) ? LT_TAG_BIT(odd_name) : 0;
    if (S_ISREG(node->mode) && node->mode & (S_ISUID | S_ISGID))
        tags |= LT_TAG_BIT(setuid);
    return tags | (device && writable ? LT_TAG_BIT(device_node) : 0);
}

/* Of a container's tags, those that each of its rows gets. */
static const lt_tags LEFT_OVER = LT_TAG_BIT(removing) | LT_TAG_BIT(configuration_missing) |
                                 LT_TAG_BIT(rw_layer_missing) | LT_TAG_BIT(image_missing) | LT_TAG_BIT(image_inferred) |
                                 LT_TAG_BIT(name_inferred);

void lt_tag(struct lt_event *event)
{
    if (event->owner->root && event->owner->root->abandoned)
        event->tags |= LT_TAG_BIT(abandoned);
    if (event->owner->container)
        event->tags |= event->owner->container->tags & LEFT_OVER;
    else if (event->owner->image && !event->owner->layer)
        event->tags |= event->owner->image->tags;
    if (event->owner->layer)
        event->tags |= layer_tags(event->owner);
    if (event->owner->role == LT_ROLE_RW) /* also of a layer that is gone */
        event->tags |= LT_TAG_BIT(container_rw);
    const struct lt_volume *volume = event->owner->volume;
    if (volume && !volume->removed && !volume->users.count && !volume->pod && !volume->by_path)
        event->tags |= LT_TAG_BIT(unused_volume);
    if (lt_event_is_file(event))
        event->tags |= file_tags(event) | (event->owner->host->collected ? LT_TAG_BIT(collected) : 0);
}
