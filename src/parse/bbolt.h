// SPDX-License-Identifier: Apache-2.0
/* bbolt databases, read-only (etcd-io/bbolt internal/common/{page,meta,inode,bucket}.go and db.go, 1.3 and 1.4). All
 * integers have the byte order of the machine that wrote; both are tried.
 *
 *   file     meta page 0, meta page 1, then pages; a page is its header and `overflow` more pages
 *   header   u64 id, u16 flags (1 branch, 2 leaf, 4 meta, 16 freelist), u16 count, u32 overflow
 *   meta     u32 magic 0xED0CDAED, u32 version 2, u32 page size, u32 flags, root bucket {u64 page, u64 sequence},
 *            u64 freelist, u64 end of the pages in use, u64 transaction, u64 FNV-1a of the 56 bytes before (0: none)
 *   branch   element: u32 position (from the element), u32 key size, u64 page
 *   leaf     element: u32 flags, u32 position, u32 key size, u32 value size; the value follows its key
 *   bucket   value of a leaf element with flag 1: {u64 page, u64 sequence}; page 0: a leaf page follows inline
 *
 * Pages are never written in place: a transaction writes new ones and frees the old, which are not wiped. The older of
 * the two meta pages is therefore the whole database as it was one transaction ago, and leaf pages that no tree uses
 * any more still hold what was deleted. All three are told, in this order. */
#ifndef LT_PARSE_BBOLT_H
#define LT_PARSE_BBOLT_H

#include "base/err.h"
#include "base/str.h"

enum {
    LT_BOLT_MAX = 256 * 1024 * 1024, /* cap of a database; those of Docker have some MB, BuildKit's some dozens */
    LT_BOLT_DEPTH = 16,              /* buckets in buckets */
};

/* Where an item was found. */
enum lt_bolt_origin {
    LT_BOLT_LIVE,
    LT_BOLT_OLDER, /* the database before its last transaction */
    LT_BOLT_FREED, /* a page that belongs to no tree: deleted, nobody knows when */
    LT_BOLT_ORIGINS
};

/* A key with its value; that of a bucket is told by the items in it only. */
struct lt_bolt_item {
    const struct lt_str *path; /* names of the buckets it is in, outermost first; on a freed page those of the page */
    size_t depth;              /* only, so there may be none */
    struct lt_str key, value;  /* borrowed from the file's bytes, as is `path` */
    uint64_t offset;           /* of the key in the file */
    enum lt_bolt_origin origin;
    bool known; /* not live, and the same bucket, key and value were told before */
};

struct lt_bolt {
    uint32_t page_size;
    bool big_endian;
    uint64_t transaction;            /* the last one, 0 if no meta page is valid */
    uint64_t pages[LT_BOLT_ORIGINS]; /* leaf pages read */
    uint64_t damages;                /* pages and items that are not as they must be */
    char damage[100];                /* the first of them, for people */
};

/* Tell `each` every item of the database in `bytes`, and fill `bolt` with what it is. What cannot be read is counted
 * and passed over; nothing of a hostile file can make this run or grow without end. Any status of `each` but LT_OK
 * ends it and is returned. */
enum lt_status lt_bolt_read(struct lt_str bytes, struct lt_bolt *bolt,
                            enum lt_status (*each)(void *arg, const struct lt_bolt_item *item, struct lt_err *err),
                            void *arg, struct lt_err *err);

#endif
