// SPDX-License-Identifier: Apache-2.0
/* Maps of user namespaces, and the files from which they are made: /etc/subuid and /etc/subgid hold lines
 * `owner:first:count`, the owner a name or a number (shadow, man 5 subuid); /etc/passwd tells the name of a number. */
#ifndef LT_PARSE_IDMAP_H
#define LT_PARSE_IDMAP_H

#include "base/err.h"
#include "base/str.h"

/* The kernel takes no more (linux include/linux/user_namespace.h, UID_GID_MAP_MAX_EXTENTS, since 4.15). */
enum { LT_MAX_IDRANGES = 340 };

/* `count` ids of the host from `first` on; `inside` is what the first of them is in the container. */
struct lt_idrange {
    uint32_t inside, first, count;
};

/* The ranges lie one behind the other inside. Initialise with {0}. */
struct lt_idmap {
    struct lt_idrange ranges[LT_MAX_IDRANGES];
    size_t count;
};

/* Let the next ids inside be `count` ids from `first` on. What no kernel would take is left out: an empty range, ids
 * beyond 2^32 - 2, too many ranges. */
void lt_idmap_add(struct lt_idmap *map, uint32_t first, uint32_t count);

/* What the host's `id` is in the container: false if it has no id there, which the kernel shows as 65534. */
bool lt_idmap_inside(const struct lt_idmap *map, uint32_t id, uint32_t *inside);

/* One range of a sub-id file. */
struct lt_subid {
    struct lt_str owner; /* part of the text */
    uint32_t first, count;
};

/* Cut the next line with something in it off `rest` (blank ones and comments are passed over, as moby v24 does).
 * LT_END: there is none. LT_SKIP: it is malformed, or its ids go beyond 2^32 - 2. */
enum lt_status lt_subid_next(struct lt_str *rest, struct lt_subid *out);

/* Add the ranges of `owner`, in the order of the file (moby v24 pkg/idtools/idtools.go; rootlesskit
 * pkg/parent/idtools). */
void lt_idmap_add_owner(struct lt_idmap *map, struct lt_str subids, struct lt_str owner);

/* Add the ranges of the owner whose map begins with `first`. Where the owner's range of that number is not the first in
 * the file, the lowest comes first, as in old versions (moby v1.10 pkg/idtools). False: there is no such owner, and
 * nothing is added. `map` must be empty. */
bool lt_idmap_add_beginning(struct lt_idmap *map, struct lt_str subids, uint32_t first);

/* A decimal number of 32 bits, and nothing else. */
bool lt_id_parse(struct lt_str text, uint32_t *id);

/* "<uid>.<gid>": what the container's root is on the host, in the name of a data root (moby daemon/daemon_unix.go
 * setupDaemonRoot, since 1.10). */
bool lt_remap_parse(struct lt_str name, uint32_t *uid, uint32_t *gid);

/* Name of the user with number `uid`, by the text of /etc/passwd; "" if it is not there. */
struct lt_str lt_passwd_name(struct lt_str passwd, uint32_t uid);

#endif
