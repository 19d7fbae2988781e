// SPDX-License-Identifier: Apache-2.0
/* Where containerd and runc keep a directory for each running container of Docker (containerd core/runtime/v2/bundle.go
 * and, until 1.x, runtime/v1/linux; moby daemon/start.go, libcontainerd/remote/client.go). */
#ifndef LT_RUNTIME_DOCKER_TASKS_H
#define LT_RUNTIME_DOCKER_TASKS_H

#include <stdbool.h>

/* Below containerd's directory: one folder for each namespace, and in it one for each container. */
#define LT_TASKS_V2 "io.containerd.runtime.v2.task"
#define LT_TASKS_V1 "io.containerd.runtime.v1.linux"

/* Below the data root: the directory of a containerd that the daemon runs itself. */
#define LT_OWN_CONTAINERD "containerd/daemon"

#endif
