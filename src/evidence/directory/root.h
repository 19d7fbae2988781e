// SPDX-License-Identifier: Apache-2.0
/* The root of a mounted host, opened so that reading it changes as little as the kernel allows. */
#ifndef LT_EVIDENCE_DIRECTORY_ROOT_H
#define LT_EVIDENCE_DIRECTORY_ROOT_H

#include <stdbool.h>

/* Open the directory `path`. With CAP_SYS_ADMIN that is a detached clone of the mount that is read-only, noatime and
 * nodev, so the kernel itself keeps the evidence unchanged. That includes the atimes of symbolic links, which O_NOATIME
 * does not protect. Without it, `*atimes_change` is set unless all is mounted with ro or noatime: O_NOATIME is refused
 * to those who do not own a file. The caller closes the descriptor. -1: errno tells why. */
int lt_root_open(const char *path, bool *atimes_change);

#endif
