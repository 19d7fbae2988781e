// SPDX-License-Identifier: Apache-2.0
/* What the files of this folder share. The map:
 *
 *   docker.c              Docker's row in the table of runtimes; docker.def: its own kinds of event
 *   discover.c            where its data roots are
 *   driver/               its storage drivers: where each keeps its layers
 *   sources.def           the sources, in the order of their calls:
 *     userns.c            owners as containers see them, under userns-remap and rootless
 *     layer.c             directories of the storage drivers, and layerdb
 *     device.c            thin devices of devicemapper
 *     image.c             imagedb and repositories.json
 *     distribution.c      when layers came here, and where from
 *     buildkit.c          BuildKit's databases
 *     swarm.c             tasks of a swarm
 *     daemon.c            starts of the daemon, its plugins
 *     volume.c            volumes and their database
 *     network.c           networks and who joined them
 *     container.c         config.v2.json; container_host.c: hostconfig.json; mounts.c: what is mounted
 *     exposure.c          what exposes the host to a container
 *     lifecycle.c         other traces of the lives of containers and images
 *     containerd_traces.c what the containerd below the daemon kept
 *     log.c               logs of containers
 *   lineage.c             links layers to each other, to images and to containers, once all sources have run
 *   life.c                the records of a container that are there, and whether it ran
 *   tasks.h               where containerd and runc keep what runs
 */
#ifndef LT_RUNTIME_DOCKER_DOCKER_H
#define LT_RUNTIME_DOCKER_DOCKER_H

#include "model/runtime.h"
#include "read/context.h"

extern const struct lt_runtime lt_runtime_docker;

struct lt_docker_driver;
struct lt_networks;

/* What Docker alone knows of a store, a layer and a container: see layer.c for where it lies. */
struct lt_docker_root {
    struct lt_map layer_by_chain, layer_by_link; /* chain: see lt_docker_chain_key() */
    const struct lt_networks *networks;          /* of network.c */
    struct lt_time daemon_started, daemon_ready; /* last start of the daemon, and when its networks were made */
};

struct lt_docker_layer {
    const struct lt_docker_driver *driver;
    struct lt_str chain_id, parent_chain; /* of layerdb, "" if it does not have the layer */
    struct lt_str lower;                  /* the driver's own list of what is below, raw */
    struct lt_str link;                   /* its short name, "" if the driver has none */
    const struct lt_layer *walked_from;   /* while cycles are looked for */
};

struct lt_docker_container {
    const struct lt_docker_driver *driver; /* whose layerdb has its record; NULL if none */
    struct lt_str init_id, parent_chain;   /* of that record: its init layer, the chain of its image */
    struct lt_str mount_record;            /* path of that record, layerdb/mounts/<id>; "" if there is none */
};

static inline struct lt_docker_root *lt_docker_root(const struct lt_root *root)
{
    return root->own;
}

static inline struct lt_docker_layer *lt_docker_layer(const struct lt_layer *layer)
{
    return layer->own;
}

static inline struct lt_docker_container *lt_docker_container(const struct lt_container *container)
{
    return container->own;
}

/* Get or make one of the store at hand, with what is Docker's own. */
struct lt_layer *lt_docker_layer_get(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_str id);
struct lt_container *lt_docker_container_get(struct lt_ctx *ctx, struct lt_str id);

/* Key of a chain ID in layer_by_chain: each storage driver has a layerdb of its own. In `arena`. */
struct lt_str lt_docker_chain_key(struct lt_arena *arena, const struct lt_docker_driver *driver,
                                  struct lt_str chain_id);

/* "<root>/image/<driver>/layerdb/sha256/<chain ID>/<name>" of a layer that has a chain ID, in scratch. */
struct lt_str lt_docker_record_path(struct lt_ctx *ctx, const struct lt_layer *layer, const char *name);

/* Say where the record of the layer's tar is, and what was written when the tar had been unpacked. */
void lt_docker_find_tar(struct lt_ctx *ctx, struct lt_layer *layer);

/* Note the offsets in the lastUpdated files of the images at hand, which the daemon writes in the host's zone. */
void lt_docker_note_updates(struct lt_ctx *ctx);

/* Parts of it; see model/runtime.h. */
extern const struct lt_place lt_docker_places[];
int lt_docker_bid(struct lt_ctx *ctx, struct lt_str path);
bool lt_docker_within(const struct lt_discovery *discovery, struct lt_str path);
void lt_docker_settings(struct lt_discovery *discovery);
void lt_docker_link(struct lt_ctx *ctx);
void lt_docker_life(struct lt_ctx *ctx, const struct lt_container *container, struct lt_arena *arena,
                    struct lt_life *out);

#endif
