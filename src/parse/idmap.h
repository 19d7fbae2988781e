// SPDX-License-Identifier: Apache-2.0
/* Maps of user namespaces, and the files that they come from: /etc/subuid and /etc/subgid hold lines
 * `owner:first:count`, where the owner is a name or a number (shadow, man 5 subuid); /etc/passwd has the name for a
 * number. */
#ifndef LT_PARSE_IDMAP_H
#define LT_PARSE_IDMAP_H

#include "base/err.h"
#include "base/str.h"

/* The limit of the kernel (linux include/linux/user_namespace.h, UID_GID_MAP_MAX_EXTENTS, since 4.15). */
enum { LT_MAX_IDRANGES = 340 };

/* `count` ids of the host from `first` on; `inside` is the first one in the container. */
struct lt_idrange {
    uint32_t inside, first, count;
};

/* Initialise with {0}. */
struct lt_idmap {
    struct lt_idrange ranges[LT_MAX_IDRANGES];
    size_t count;
};

/* Map the next ids inside to `count` ids from `first` on. Ranges that the kernel would reject are ignored: an empty
 * range, ids beyond 2^32 - 2, too many ranges. */
void lt_idmap_add(struct lt_idmap *map, uint32_t first, uint32_t count);

/* The same with the first id inside given, as in the maps of an OCI specification. Which range comes first decides
 * where ranges overlap, which the kernel rejects. */
void lt_idmap_add_at(struct lt_idmap *map, uint32_t inside, uint32_t first, uint32_t count);

/* The same with `first` as an id in the namespace that `outer` maps: the ranges that it maps to the host are added. */
void lt_idmap_add_nested(struct lt_idmap *map, const struct lt_idmap *outer, uint32_t inside, uint32_t first,
                         uint32_t count);

/* Do both have the same ranges in the same order? */
bool lt_idmap_equal(const struct lt_idmap *a, const struct lt_idmap *b);

/* Store what the host's `id` is in the container. False: it has no id there, which the kernel shows as 65534. */
bool lt_idmap_inside(const struct lt_idmap *map, uint32_t id, uint32_t *inside);

/* One range of a sub-id file. */
struct lt_subid {
    struct lt_str owner; /* borrowed from the text */
    uint32_t first, count;
};

/* Read the next line of `rest`; empty lines and comments are skipped, as in moby v24. LT_END: there are no more.
 * LT_SKIP: it is malformed, or its ids go beyond 2^32 - 2. */
enum lt_status lt_subid_next(struct lt_str *rest, struct lt_subid *out);

/* Add the ranges of `owner`, in the order of the file (moby v24 pkg/idtools/idtools.go; rootlesskit
 * pkg/parent/idtools). */
void lt_idmap_add_owner(struct lt_idmap *map, struct lt_str subids, struct lt_str owner);

/* Add the ranges of the owner whose map begins with `first`. If that range is not the owner's first one in the file,
 * the lowest range comes first, as in old versions (moby v1.10 pkg/idtools). False: there is no such owner; nothing is
 * added. `map` must be empty. */
bool lt_idmap_add_beginning(struct lt_idmap *map, struct lt_str subids, uint32_t first);

/* Parse a decimal number of 32 bits; false if there is anything else in `text`. */
bool lt_id_parse(struct lt_str text, uint32_t *id);

/* Parse "<uid>.<gid>" in the name of a data root: the host's ids of the container's root user (moby
 * daemon/daemon_unix.go setupDaemonRoot, since 1.10). */
bool lt_remap_parse(struct lt_str name, uint32_t *uid, uint32_t *gid);

/* The name of the user `uid` in the text of /etc/passwd; "" if there is none. */
struct lt_str lt_passwd_name(struct lt_str passwd, uint32_t uid);

#endif
