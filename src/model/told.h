// SPDX-License-Identifier: Apache-2.0
/* What logs and databases tell of a container that has no configuration. The first who tells a name wins, unless it was
 * inferred; who tells another one is remembered as well. */
#ifndef LT_MODEL_TOLD_H
#define LT_MODEL_TOLD_H

#include "model/inventory.h"

/* Those of a store that stand for a container, and not for a pod as a whole, and that no store of the host has. The
 * list is in `arena`. */
struct lt_list lt_told_removed(const struct lt_root *root, struct lt_arena *arena);

/* The container of this host with that ID, if its configuration is missing; else NULL. */
struct lt_container *lt_told_find(const struct lt_host *host, struct lt_str id);

/* The container with that ID: of `root`, else of another store of its host, else a removed one, which is made; see
 * lt_inventory_removed() for NULL. */
struct lt_container *lt_told_container(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id);

/* Does a store of the host have a container with that ID? */
bool lt_told_exists(const struct lt_host *host, struct lt_str id);

/* The owner of a layer that is gone, by the name of its directory. NULL: nothing tells whose it was. What a build makes
 * for a step has such a layer, too, and no container. */
const struct lt_owner *lt_told_layer(const struct lt_root *root, struct lt_str name);

/* `by` says who tells it, for people: "a line of containerd in /var/log/syslog". All text is copied. Nothing happens if
 * the container is NULL, or the text is "". Inferred: the witness does not name both the container and its name. */
void lt_told_name(struct lt_inventory *inventory, struct lt_container *container, struct lt_str name, bool inferred,
                  struct lt_str by);
/* The image as it was typed when the container was created. */
void lt_told_image(struct lt_inventory *inventory, struct lt_container *container, struct lt_str typed,
                   struct lt_str by);
/* The image of each container of a store whose configuration does not name one for sure, by its layers: tag
 * image_inferred. An image found by a name that has moved since is dropped. Layers and images of all stores are linked.
 */
void lt_told_by_layers(struct lt_inventory *inventory, struct lt_root *root);
/* Its pod. */
void lt_told_pod(struct lt_inventory *inventory, struct lt_container *container, struct lt_str uid, struct lt_str name,
                 struct lt_str namespace);

#endif
