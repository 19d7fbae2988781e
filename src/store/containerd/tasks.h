// SPDX-License-Identifier: Apache-2.0
/* Where containerd keeps a directory for each running container, its own and Docker's (containerd
 * core/runtime/v2/bundle.go and, until 1.x, runtime/v1/linux; moby daemon/start.go, libcontainerd/remote/client.go). */
#ifndef LT_STORE_CONTAINERD_TASKS_H
#define LT_STORE_CONTAINERD_TASKS_H

/* Below containerd's directory: one folder for each namespace, and in it one for each container. */
#define LT_TASKS_V2 "io.containerd.runtime.v2.task"
#define LT_TASKS_V1 "io.containerd.runtime.v1.linux"

/* Below Docker's data root: the directory of a containerd that the daemon runs itself. */
#define LT_OWN_CONTAINERD "containerd/daemon"

#endif
