// SPDX-License-Identifier: Apache-2.0
/* /etc/fstab (man 5 fstab; util-linux libmount/src/tab_parse.c, 2.38): lines of at least two fields with white space
 * between them: what is mounted, where, its type, and options with commas between them. In a field, \ooo is a byte in
 * octal. Comments begin with #. */
#ifndef LT_PARSE_FSTAB_H
#define LT_PARSE_FSTAB_H

#include "base/err.h"
#include "base/str.h"

/* One line; fields that are missing are "". */
struct lt_fstab_line {
    struct lt_str spec; /* "UUID=...", "/dev/sda2", the directory of a bind */
    struct lt_str at;   /* "/var/lib/docker"; "none" or "swap" for swap */
    struct lt_str type, options;
};

/* Read the next line of `rest` into `arena`. LT_END: there are no more. LT_SKIP: it has one field only. */
enum lt_status lt_fstab_next(struct lt_str *rest, struct lt_arena *arena, struct lt_fstab_line *out);

/* Is `option` one of the options? */
bool lt_fstab_has(struct lt_str options, const char *option);

/* A device as a mount table names it. */
enum lt_device_tag { LT_BY_UUID, LT_BY_LABEL, LT_BY_PARTUUID, LT_BY_PARTLABEL, LT_BY_NODE, LT_BY_NOTHING };

/* How `spec` names a device: NAME=value with or without quotes, a link below /dev/disk, or another node below /dev.
 * `*value` is what it is called: all of `spec` for LT_BY_NODE. LT_BY_NOTHING: it is no device of a disk. */
enum lt_device_tag lt_fstab_device(struct lt_str spec, struct lt_str *value);

/* The number of the partition that a node is, and the length of the name of its disk ("/dev/sda2": 2, 8). 0: it is
 * none. */
unsigned lt_fstab_partition(struct lt_str node, size_t *disk);

#endif
