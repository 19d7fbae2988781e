// SPDX-License-Identifier: Apache-2.0
/* File systems to hosts. A file system with an /etc is the root of a host. Its mount table (/etc/fstab, mount units)
 * says which of the others belong to it, and where they are mounted: by UUID, by label, by partition, or by the mount
 * point that ext4 notes in its superblock. */
#ifndef LT_READ_HOSTS_H
#define LT_READ_HOSTS_H

#include "model/runtime.h"
#include "read/context.h"

/* Group the file systems of all evidences (struct lt_evidence *) into hosts. A file system that no mount table claims
 * is of the host of its evidence if only one there has an /etc. It is mounted where its superblock, or what a store of
 * the `runtimes` on it says, if there is an empty directory on the host. If several have one, it is a host of its own:
 * it is not known whose it is. If there is one /etc in all evidences, their file systems may be of its host. */
void lt_hosts_find(struct lt_ctx *ctx, const struct lt_list *evidence, const struct lt_runtime *const *runtimes);

/* Make a host of its own out of the directory `path` of ctx->fs, which holds an /etc: a collection, or a backup. */
struct lt_host *lt_hosts_nested(struct lt_ctx *ctx, struct lt_str path);

/* Call it once the stores of all evidences are known. File systems of hosts without any are read for a host of the same
 * evidence that has one and is not in a directory of it, so that nothing on the disk goes unread: for the first whose
 * own /etc is not known, since theirs may be it, else for the first. */
void lt_hosts_settle(struct lt_inventory *inventory);

/* The entry of the host's mount table that mounts something which is not in the evidence at `path` or above it. NULL:
 * there is none. */
struct lt_placed *lt_host_missing(const struct lt_host *host, struct lt_str path);

/* Report all entries that concern a store at `path`: those at it, above it and in it. */
void lt_host_report_missing_in(struct lt_ctx *ctx, struct lt_str path);

/* Report one, once. */
void lt_host_report_missing(struct lt_ctx *ctx, struct lt_placed *missing);

#endif
