// SPDX-License-Identifier: Apache-2.0
/* containerd as a runtime: its own containers (made by ctr, nerdctl and others), and what its store records for all who
 * use it, Docker and Kubernetes among them. How the store is read is in store/containerd. The map:
 *
 *   containerd.c     its row in the table of runtimes; containerd.def: its own kinds of event
 *   discover.c       where its roots are
 *   link.c           links containers to snapshots and images, after all sources have run; says whose each is
 *   life.c           which records of a container exist, and whether it ran at seizure
 *   sources.def      the sources, in the order in which they are called:
 *     store.c        the databases, snapshots and images: prepared, committed, removed
 *     image.c        names of images, and build steps
 *     content.c      blobs, and those whose fetching was cut short
 *     container.c    containers and sandboxes; cri.c: what the CRI plug-in keeps of them
 *     nerdctl.c      nerdctl's state of its containers, and their logs; nerdctl_volume.c, before these: its volumes
 *     exposure.c     what exposes the host to a container
 *     traces.c       starts, leases, and what freed pages of the database tell
 */
#ifndef LT_RUNTIME_CONTAINERD_CONTAINERD_H
#define LT_RUNTIME_CONTAINERD_CONTAINERD_H

#include "model/runtime.h"
#include "read/context.h"
#include "store/containerd/containerd.h"

extern const struct lt_runtime lt_runtime_containerd;

/* What containerd alone knows of a container: lt_container.own. */
struct lt_containerd_container {
    const struct lt_containerd_record *record; /* NULL: none; it is known from its snapshot */
    struct lt_str cri;                         /* directory of the CRI plug-in, "" if none */
    struct lt_time cri_created;                /* as the CRI plug-in recorded it */
    struct lt_str nerdctl;                     /* nerdctl's directory of it, "" if none */
};

static inline struct lt_containerd_container *lt_containerd_container(const struct lt_container *container)
{
    return container->own;
}

/* The CRI plug-in's records of a container, or of the sandbox of a pod: see cri.c. Sets what they tell; facts are added
 * to `facts`. */
struct lt_facts;
void lt_cri_read(struct lt_ctx *ctx, struct lt_container *container, struct lt_facts *facts);

/* Add the labels of a record, each as "key=value". From container.c. */
void lt_containerd_add_labels(struct lt_facts *facts, const struct lt_containerd_record *record);

/* The container with this ID, in any store of the host; NULL: none. `namespace` is that of containerd. */
struct lt_container *lt_containerd_container_of(const struct lt_ctx *ctx, struct lt_str namespace, struct lt_str id);

/* The owner of what belongs to a namespace of the current store, and to no container or image of it. Lives as long as
 * the run. */
const struct lt_owner *lt_containerd_owner(struct lt_ctx *ctx, struct lt_str namespace);

/* Members of lt_runtime_containerd; see model/runtime.h. */
extern const struct lt_place lt_containerd_places[];
extern const char *const lt_containerd_in_volumes[];
extern const struct lt_mark lt_containerd_marks[];
extern const char *const lt_containerd_parts[];
void lt_containerd_inside(struct lt_ctx *ctx, struct lt_str path, struct lt_list *out);
int lt_containerd_bid(struct lt_ctx *ctx, struct lt_str path);
bool lt_containerd_within(const struct lt_discovery *discovery, struct lt_str path);
void lt_containerd_settings(struct lt_discovery *discovery);
void lt_containerd_link(struct lt_ctx *ctx);
void lt_containerd_life(struct lt_ctx *ctx, const struct lt_container *container, struct lt_arena *arena,
                        struct lt_life *out);

#endif
