// SPDX-License-Identifier: Apache-2.0
/* Declarations shared by the files of this folder. The map:
 *
 *   docker.c              Docker's row in the table of runtimes; docker.def: its own kinds of event
 *   discover.c            where its data roots are
 *   driver/               its storage drivers: where each keeps its layers
 *   sources.def           the sources, in the order in which they are called:
 *     userns.c            owners as containers see them, under userns-remap and rootless
 *     layer.c             directories of the storage drivers, and layerdb
 *     device.c            thin devices of devicemapper
 *     image.c             imagedb and repositories.json; graph.c: of before Docker 1.10
 *     distribution.c      when layers arrived here, and where from
 *     buildkit.c          BuildKit's databases
 *     swarm.c             tasks of a swarm
 *     daemon.c            starts of the daemon, and its plugins
 *     volume.c            volumes and their database
 *     network.c           networks and the containers that joined them: the records; network_events.c: what these tell;
 *                         network_list.c: the networks
 *     container.c         config.v2.json; container_host.c: hostconfig.json; mounts.c: mounts;
 *                         container_networks.c: its networks
 *     removed.c           containers that were removed, by records that were recovered
 *     exposure.c          what exposes the host to a container
 *     lifecycle.c         other traces of the lives of containers and images
 *     log.c               logs of containers; log_read.c: one log; local_log.c: records of the driver local;
 *                         other_log.c: logs that lie elsewhere
 *   lineage.c             links layers to each other, to images and to containers, after all sources have run
 *   partial.c             what of a store is missing as a whole
 *   recovered.c           takes records that were recovered; removed_saves.c: the container as each was saved;
 *                         removed_objects.c: images and volumes; removed_words.c: who tells what
 *   gone.c                what the paths of deleted files tell
 *   life.c                which records of a container exist, and whether it ran at seizure
 */
#ifndef LT_RUNTIME_DOCKER_DOCKER_H
#define LT_RUNTIME_DOCKER_DOCKER_H

#include "model/runtime.h"
#include "read/context.h"

extern const struct lt_runtime lt_runtime_docker;

struct lt_docker_driver;
struct lt_networks;

/* Where Docker before 1.7 kept the files of volumes, below the data root. */
#define LT_DOCKER_OLD_VOLUMES "vfs/dir"

/* Docker's own data about a store, a layer and a container. The layout of layerdb is described in layer.c. */
struct lt_docker_root {
    struct lt_map layer_by_chain, layer_by_link; /* by chain: see lt_docker_chain_key() */
    bool old;                                    /* its last daemon was one of before 1.10: see graph.h */
    struct lt_map image_by_graph;                /* images whose ID before Docker 1.10 was another: see graph.h */
    const struct lt_networks *networks;          /* see network.c */
    struct lt_list removed;                      /* of struct lt_docker_removed *: see removed.c */
    struct lt_map removed_by_id;                 /* the same */
    size_t removed_bytes;                        /* kept of their records */
    struct lt_time daemon_started, daemon_ready; /* last start of the daemon, and when it had created its networks */
};

struct lt_docker_layer {
    const struct lt_docker_driver *driver;
    struct lt_str chain_id, parent_chain; /* from layerdb, "" if the layer is not in it */
    struct lt_str lower;                  /* the driver's own list of lower layers, unparsed */
    struct lt_str link;                   /* its short name in the driver's l/ directory, "" if there is none */
    const struct lt_layer *walked_from;   /* used by the search for cycles */
};

struct lt_docker_container {
    const struct lt_docker_driver *driver;    /* in whose layerdb its record is; NULL if none */
    struct lt_str init_id, parent_chain;      /* from that record: its init layer, and the chain of its image */
    struct lt_str mount_record;               /* path of that record, layerdb/mounts/<id>; "" if there is none */
    struct lt_str config;                     /* path of its configuration; "" if it has no directory */
    bool undated;                             /* its configuration does not say when it was created */
    bool old;                                 /* which Docker before 1.10 wrote: config.json */
    struct lt_time old_started, old_finished; /* in config.json beside config.v2.json, if they are other times */
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

/* The layer of this driver with this ID, NULL: there is none. Drivers may have layers of the same ID: before 1.10 it
 * was the image's. Without a driver (NULL), the layer of any. */
struct lt_layer *lt_docker_layer_find(const struct lt_root *root, const struct lt_docker_driver *driver,
                                      struct lt_str id);

/* Get or create a layer or container of the current store, with Docker's own data attached. */
struct lt_layer *lt_docker_layer_get(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_str id);
struct lt_container *lt_docker_container_get(struct lt_ctx *ctx, struct lt_str id);

/* The key of a chain ID in layer_by_chain, as each storage driver has a layerdb of its own. In `arena`. */
struct lt_str lt_docker_chain_key(struct lt_arena *arena, const struct lt_docker_driver *driver,
                                  struct lt_str chain_id);

/* A snapshot of containerd's store in the namespace that the daemon of the current store uses; NULL: there is none. */
struct lt_layer *lt_docker_snapshot(struct lt_ctx *ctx, struct lt_str snapshotter, struct lt_str key);

/* Read a file that holds the bytes that a layer adds, in decimal. Nothing is set if it is missing. */
void lt_docker_read_size(struct lt_ctx *ctx, struct lt_str path, struct lt_layer *layer);

/* Does the image have this name? */
static inline bool lt_docker_has_name(const struct lt_image *image, struct lt_str reference)
{
    lt_each (struct lt_str, name, &image->names)
        if (lt_str_eq(*name, reference))
            return true;
    return false;
}

/* The path "<root>/image/<driver>/layerdb/sha256/<chain ID>/<name>" for a layer with a chain ID, in scratch. */
struct lt_str lt_docker_record_path(struct lt_ctx *ctx, const struct lt_layer *layer, const char *name);

/* The current file of the log of kind `index`, from 0 on, which need not exist. False: there are no more kinds. */
bool lt_docker_log_path(struct lt_arena *arena, const struct lt_container *container, size_t index, struct lt_str *out);

/* Set the path of the layer's tar record, and the paths of the files written right after the tar was unpacked. */
void lt_docker_find_tar(struct lt_ctx *ctx, struct lt_layer *layer);

/* Record the UTC offsets in the images' lastUpdated files as zone witnesses: the daemon writes them in the host's
 * zone. */
void lt_docker_note_offsets(struct lt_ctx *ctx);

/* Report the parts of the current store that containers use and that are missing as a whole. */
void lt_docker_report_missing(struct lt_ctx *ctx);

/* Members of lt_runtime_docker; see model/runtime.h. */
extern const struct lt_place lt_docker_places[];
extern const struct lt_mark lt_docker_marks[];
extern const char *const lt_docker_parts[];
struct lt_str lt_docker_home(struct lt_ctx *ctx, struct lt_str path);
void lt_docker_inside(struct lt_ctx *ctx, struct lt_str path, struct lt_list *out);
int lt_docker_bid(struct lt_ctx *ctx, struct lt_str path);
bool lt_docker_within(const struct lt_discovery *discovery, struct lt_str path);
void lt_docker_settings(struct lt_discovery *discovery);
void lt_docker_link(struct lt_ctx *ctx);
/* Find image and layers of a container that was removed, as far as they exist. */
void lt_docker_link_removed(struct lt_ctx *ctx, struct lt_container *container);
void lt_docker_life(struct lt_ctx *ctx, const struct lt_container *container, struct lt_arena *arena,
                    struct lt_life *out);

#endif
