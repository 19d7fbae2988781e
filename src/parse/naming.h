// SPDX-License-Identifier: Apache-2.0
/* What a line of a daemon's log says of the name of a container. An ID and its name stand in one line in
 *
 *   CreateContainer within sandbox "<ID>" for &ContainerMetadata{Name:web,Attempt:0,} returns container id "<ID>"
 *   RunPodSandbox for &PodSandboxMetadata{Name:web-0,Uid:...,Namespace:shop,Attempt:0,} returns sandbox id "<ID>"
 *                       containerd's CRI plug-in (internal/cri/server/{container_create,sandbox_run}.go, 1.1 to 2.3)
 *   The container name "/web" is already in use by container "<ID>"
 *   The name "web" is already in use by container <ID>
 *                       dockerd refuses a second one (moby daemon/names.go, 1.9 to 29)
 *
 * and apart in two lines that follow each other:
 *
 *   connecting to shim <ID>         containerd starts it (core/runtime/v2/binary.go, 1.7 to 2.3); namespace=moby
 *   sbJoin: ... ep=web net=...      dockerd joins it to a network (libnetwork/endpoint.go, 28 to 29)
 *
 * Quotes may be escaped, as in a message of logrus. */
#ifndef LT_PARSE_NAMING_H
#define LT_PARSE_NAMING_H

#include "base/base.h"

enum lt_naming_kind {
    LT_NAMING_NONE,
    LT_NAMING_NAME,  /* `id` has this `name` */
    LT_NAMING_POD,   /* `id` is the sandbox of the pod of this `name` */
    LT_NAMING_START, /* `id` is started; it may have any name */
    LT_NAMING_JOIN,  /* one that has this `name` joins a network */
};

/* Parts are borrowed from the text, "" where the kind does not have them. */
struct lt_naming {
    enum lt_naming_kind kind;
    struct lt_str id, name;
    struct lt_str attempt;        /* digits */
    struct lt_str sandbox;        /* ID of the sandbox that the container is in */
    struct lt_str uid, namespace; /* of a pod */
};

/* LT_NAMING_NONE: the line says nothing of the kind. IDs have been checked, names are as they are written. */
struct lt_naming lt_naming_find(struct lt_str text);

#endif
