// SPDX-License-Identifier: Apache-2.0
/* Where containerd and runc keep a directory for each container of Docker's that runs (containerd
 * core/runtime/v2/bundle.go and, until 1.x, runtime/v1/linux; moby daemon/start.go, libcontainerd/remote/client.go). */
#ifndef LT_RUNTIME_DOCKER_TASKS_H
#define LT_RUNTIME_DOCKER_TASKS_H

#include <stdbool.h>

/* Below a directory of containerd: a folder for each namespace, in which is one for each container. */
#define LT_TASKS_V2 "io.containerd.runtime.v2.task"
#define LT_TASKS_V1 "io.containerd.runtime.v1.linux"

/* The directory of the containerd that a daemon runs for itself, below the data root. */
#define LT_OWN_CONTAINERD "containerd/daemon"

#endif
