// SPDX-License-Identifier: Apache-2.0
/* Deleted files of ext2/3/4 whose blocks can still be found, and what speaks against them. */
#ifndef LT_EVIDENCE_EXT4_DELETED_H
#define LT_EVIDENCE_EXT4_DELETED_H

#include "evidence/deleted.h"

/* See lt_fs_ops.deleted and lt_fs_ops.read_deleted. */
enum lt_status lt_ext4_deleted(struct lt_fs *fs, lt_each_deleted *each, void *arg, struct lt_err *err);
enum lt_status lt_ext4_deleted_if(struct lt_fs *fs, lt_wants_deleted *wants, lt_each_deleted *each, void *arg,
                                  struct lt_err *err);
ssize_t lt_ext4_read_deleted(const struct lt_deleted *file, void *buffer, size_t size, uint64_t offset,
                             struct lt_err *err);

#endif
