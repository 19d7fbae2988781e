// SPDX-License-Identifier: Apache-2.0
/* What a node of Kubernetes keeps beside its runtime. Two kinds of directories are its stores: the kubelet's root
 * directory, and the directory of the logs of pods. The containers themselves are in the stores of containerd or of
 * another runtime, which sets their pods. Declarations shared by the files of this folder. The map:
 *
 *   kubernetes.c   Kubernetes' row in the table of runtimes, with its sources; kubernetes.def: its own kinds of event
 *   discover.c     where its stores are
 *   pods.c         the pods of a host, and whose a trace is
 *   link.c         owners of the files of pods, and users of their volumes, after all sources have run
 *   logs.c         which logs there are, and the links to them
 *   log.c          lines of logs, and when a log was rotated
 *   kubelet.c      directories of pods below the kubelet's root
 *   state.c        the kubelet's checkpoints of containers, CPUs, memory and devices
 *   manifest.c     pods that are started from files
 *   config.c       the kubelet's configuration
 *   document.c     manifests and configurations as lists of values
 */
#ifndef LT_RUNTIME_KUBERNETES_KUBERNETES_H
#define LT_RUNTIME_KUBERNETES_KUBERNETES_H

#include "model/runtime.h"
#include "parse/podname.h"
#include "read/facts.h"

extern const struct lt_runtime lt_runtime_kubernetes;

/* Members of it. */
int lt_kube_bid(struct lt_ctx *ctx, struct lt_str path);
lt_log_reader *lt_kube_log_of(struct lt_str head);

/* Kubernetes' own data about a store. */
struct lt_kube_root {
    bool is_log;               /* it is a directory of logs of pods */
    struct lt_list logs;       /* of struct lt_kube_log *, in the order of their paths */
    struct lt_list links;      /* of struct lt_kube_link * */
    struct lt_str links_path;  /* of the directory with them, "" if there is none */
    struct lt_str static_pods; /* staticPodPath of the kubelet's configuration, "" if it has none */
    struct lt_map pods;        /* UID -> struct lt_kube_pod *: those of the host, in the first of its stores */
    struct lt_list pod_list;   /* the same, in the order in which they were found */
    struct lt_map named; /* "<namespace>/<name>" -> the pod with these names; that is `several` if it is not alone */
    struct lt_map several;
    struct lt_map containers; /* ID -> struct lt_container *: all of the host, if `collected` */
    bool collected;
};

/* A pod. Its UID and names are "" if they are not known. */
struct lt_kube_pod {
    struct lt_str key; /* its UID, or something else that is unique if that is not known */
    struct lt_str uid, name, namespace;
    struct lt_list containers;   /* of struct lt_container *: those that are known, the sandboxes too */
    struct lt_map removed;       /* "<container>/<attempt>" -> those of which only traces are left */
    struct lt_container *itself; /* stands for the pod as a whole; NULL: see lt_kube_pod_itself() */
};

/* A file of a log. */
struct lt_kube_log_file {
    struct lt_str path;
    struct lt_pod_log log;
    bool has_offset;
    int minutes; /* east of UTC, by its first line; if has_offset */
};

/* The log of one container, with its rotated files. */
struct lt_kube_log {
    struct lt_kube_pod *pod;
    struct lt_pod_name name;              /* container and attempt */
    struct lt_str path;                   /* of the file that is not rotated, which need not exist */
    struct lt_list files;                 /* of struct lt_kube_log_file *, oldest first */
    const struct lt_container *container; /* set when stores are linked, like that of a link */
};

/* A link of /var/log/containers. */
struct lt_kube_link {
    struct lt_str path, target;
    struct lt_str tail; /* of the target, from the directory of the pod on; "" if it is not a pod's log */
    struct lt_pod_name name;
    struct lt_time made; /* its birth, or else its mtime, which nothing changes */
    bool is_born, dangling;
    const struct lt_container *container;
};

static inline struct lt_kube_root *lt_kube_root(const struct lt_root *root)
{
    return root->own;
}

/* Is the store one of Kubernetes? */
static inline bool lt_kube_is_root(const struct lt_root *root)
{
    return root->runtime->bid == lt_kube_bid;
}

/* The data about the current host, in its first store of Kubernetes. */
struct lt_kube_root *lt_kube_host(const struct lt_ctx *ctx);

/* Find or create a pod of the host by its UID, or by something else that is unique, which is copied. Names that are not
 * "" are copied if none are known. */
struct lt_kube_pod *lt_kube_pod_get(struct lt_ctx *ctx, struct lt_str uid, struct lt_str name, struct lt_str namespace);

/* The only pod of the host with these names. NULL: there is none, or there are several. */
struct lt_kube_pod *lt_kube_pod_named(const struct lt_ctx *ctx, struct lt_str name, struct lt_str namespace);

/* Add the containers that the stores of the host know to their pods. Further calls do nothing. */
void lt_kube_collect(struct lt_ctx *ctx);

/* A container that stands for the pod as a whole: it has the pod's names and no ID. If no container of the pod is
 * known, it is tagged configuration_missing. */
struct lt_container *lt_kube_pod_itself(struct lt_ctx *ctx, struct lt_kube_pod *pod);

/* Whose a trace is that names a container: that with the ID if it has one, else the one of the pod with this name and
 * attempt (without an attempt: the last one). If there is no such container it was removed: then a container with what
 * is known, perhaps without an ID. */
const struct lt_container *lt_kube_container(struct lt_ctx *ctx, struct lt_kube_pod *pod,
                                             const struct lt_pod_name *name);

/* The last `count` components of a path, without a slash at the start. */
struct lt_str lt_kube_tail(struct lt_str path, unsigned count);

/* Further members of lt_runtime_kubernetes; see model/runtime.h. */
extern const struct lt_place lt_kube_places[];
extern const char *const lt_kube_in_volumes[];
extern const struct lt_mark lt_kube_marks[];
extern const char *const lt_kube_parts[];
void lt_kube_settings(struct lt_discovery *discovery);
void lt_kube_link(struct lt_ctx *ctx);

/* Is the store at hand a directory of logs? */
bool lt_kube_is_log(struct lt_ctx *ctx, struct lt_str path);

/* Find the logs and links of the current store, a directory of logs. */
void lt_kube_logs_find(struct lt_ctx *ctx);

#endif
