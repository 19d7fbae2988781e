// SPDX-License-Identifier: Apache-2.0
/* Names of files and directories in which Kubernetes' kubelet keeps facts (kubernetes 1.6 to 1.33). Names of pods,
 * containers and namespaces have letters, digits, "-" and ".", never "_"; a UID is one component of a path. */
#ifndef LT_PARSE_PODNAME_H
#define LT_PARSE_PODNAME_H

#include "base/clock.h"
#include "base/str.h"
#include "parse/rotation.h"

/* Parts are borrowed from the name, "" where it does not have them. */
struct lt_pod_name {
    struct lt_str uid, name, namespace;
    struct lt_str container, id; /* of a container */
    uint64_t attempt;            /* restarts before it; if has_attempt */
    bool has_attempt;
};

/* The UID of a pod: 36 hex digits and dashes, or, of a static pod, 32 hex digits (pkg/kubelet/config/common.go). */
bool lt_is_pod_uid(struct lt_str text);

/* A directory of /var/log/pods: "<namespace>_<pod>_<UID>", "<UID>" before 1.14 (pkg/kubelet/kuberuntime/helpers.go,
 * BuildPodLogsDirectory). */
bool lt_pod_log_directory(struct lt_str text, struct lt_pod_name *out);

/* A link of /var/log/containers: "<pod>_<namespace>_<container>-<ID>.log", cut to 255 bytes with the suffix
 * (pkg/kubelet/kuberuntime/legacy.go, logSymlink). A cut name has no ID, and may lack a part of the container's. */
bool lt_pod_log_link(struct lt_str text, struct lt_pod_name *out);

/* How a log was rotated (pkg/kubelet/logs/container_log_manager.go). */
struct lt_pod_log {
    struct lt_str log;    /* the name before it was rotated: "0.log" */
    struct lt_str stamp;  /* "20261123-184644", "" if it was not */
    struct lt_time local; /* that, as if it were UTC: it is in the kubelet's zone */
    bool is_copy;         /* packed, or .tmp: a packed copy in the making. The file that it is made of goes last */
    struct lt_rotation rotation; /* others than the kubelet rotate logs as well */
};

/* A file of the directory of a container: "<attempt>.log", ".<YYYYMMDD-HHMMSS>" after it if rotated, and ".gz" or
 * ".tmp" after that; or anything that another program makes of the name (parse/rotation.h). Before 1.11 it is in the
 * pod's directory and begins with "<container>_". */
bool lt_pod_log_file(struct lt_str text, struct lt_pod_log *out, struct lt_pod_name *name);

/* A directory "..YYYY_MM_DD_HH_MM_SS.<digits>" of a volume, written at this time in UTC (pkg/volume/util/
 * atomic_writer.go, newTimestampDir). */
bool lt_pod_projection(struct lt_str text, struct lt_time *out);

/* "checkpoint-<pod>_<namespace>-<container>-<RFC 3339>.tar" (pkg/kubelet/kubelet.go, CheckpointContainer, 1.25). As all
 * names may have dashes, it is not known where the container's begins: `container` holds what follows "<pod>_". */
bool lt_pod_checkpoint(struct lt_str text, struct lt_pod_name *out, struct lt_time *time);

#endif
