// SPDX-License-Identifier: Apache-2.0
/* Images as Docker before 1.10 kept them (moby v1.9.1 graph/graph.go, graph/tags.go, image/image.go; v1.0.0 has the
 * same files but for those that are marked). Each step of a build is an image of its own:
 *
 *   graph/<ID>/json              id, parent, created (the builder's clock), container_config.Cmd: what the step ran;
 *                                parent_id in the place of both IDs if it was pulled by 1.9. Written when it came here
 *   graph/<ID>/layersize         bytes that it adds, in decimal
 *   graph/<ID>/parent            ID of the parent below graph/, if parent_id has another (1.9)
 *   graph/<ID>/tar-data.json.gz  record of the tar (1.8 and later)
 *   repositories-<driver>        {"Repositories":{"app":{"1":"<ID>"}}}
 *   linkgraph.db                 SQLite: names of containers and links between them
 *
 * The driver's directory of its layer has the same ID; that of a container's rw layer has the container's, and that of
 * its init layer "-init" after it.
 *
 * Docker 1.10 to 18.09 translates all this at its first start, and leaves the old files where they are (moby v1.13.1
 * migrate/v1/migratev1.go): into image/<driver>, where layerdb names the old directories, and containers' config.json
 * into config.v2.json. An image that was translated is told once, as the new one.
 *
 *   .migration-v1-images.json    {"<old ID>":"sha256:<new ID>"}, written once all are translated
 *   .migration-v1-tags           names have been translated, too */
#ifndef LT_RUNTIME_DOCKER_GRAPH_H
#define LT_RUNTIME_DOCKER_GRAPH_H

#include "runtime/docker/docker.h"

/* Whose files these are, for reports. */
#define LT_BEFORE_1_10 "written by Docker before 1.10"

/* Identifier of an image that was translated: the path of its old configuration. */
#define LT_GRAPH_PATH "graph_path"

/* Add the images of the current store, and complete their layers: parent, size, record of the tar. The store's layers
 * and what it has in imagedb must be known. */
void lt_docker_graph_read(struct lt_ctx *ctx);

#endif
