// SPDX-License-Identifier: Apache-2.0
/* bbolt databases, read-only (etcd-io/bbolt internal/common/{page,meta,inode,bucket}.go and db.go, 1.3 and 1.4).
 * Integers have the byte order of the machine that wrote them; both orders are tried.
 *
 *   file     meta page 0, meta page 1, then pages; a page is its header and `overflow` more pages
 *   header   u64 id, u16 flags (1 branch, 2 leaf, 4 meta, 16 freelist), u16 count, u32 overflow
 *   meta     u32 magic 0xED0CDAED, u32 version 2, u32 page size, u32 flags, root bucket {u64 page, u64 sequence},
 *            u64 freelist, u64 end of the pages in use, u64 transaction, u64 FNV-1a of the 56 bytes before (0: none)
 *   branch   element: u32 position (from the element), u32 key size, u64 page
 *   leaf     element: u32 flags, u32 position, u32 key size, u32 value size; the value follows its key
 *   bucket   value of a leaf element with flag 1: {u64 page, u64 sequence}; page 0: a leaf page follows inline
 *
 * Pages are never written in place: a transaction writes new ones and frees the old ones, which are not wiped. So the
 * older of the two meta pages is the whole database as of one transaction before, and leaf pages that no tree uses
 * still hold deleted items. All three are reported, in this order.
 *
 * If a meta page is damaged, or the newer tree is and the older one gives more, the other one is read as the live tree
 * (bbolt db.go meta() takes the valid meta page of the later transaction, and never looks further). What it does not
 * hold, in the tree of the page not taken and on pages that no tree uses, may have been deleted or not. */
#ifndef LT_PARSE_BBOLT_H
#define LT_PARSE_BBOLT_H

#include "base/err.h"
#include "base/str.h"

enum {
    LT_BOLT_MAX = 256 * 1024 * 1024, /* cap on the size of a database; Docker's have a few MB, BuildKit's a few dozen */
    LT_BOLT_DEPTH = 16,              /* cap on nested buckets */
};

/* Where an item was found. */
enum lt_bolt_origin {
    LT_BOLT_LIVE,
    LT_BOLT_OLDER, /* the tree of the other meta page: the database before its last transaction */
    LT_BOLT_FREED, /* a page that belongs to no tree: deleted, at an unknown time */
    LT_BOLT_ORIGINS
};

/* A key with its value. A bucket itself is not reported, only the items in it. On a freed page only the buckets of that
 * page are known, often none. */
struct lt_bolt_item {
    const struct lt_str *path; /* names of its buckets, outermost first; valid during the call */
    const uint64_t *sequences; /* of these buckets: the last number that each gave out, 0 if unknown */
    size_t depth;              /* number of buckets in `path` */
    struct lt_str key, value;  /* borrowed from the file's bytes */
    uint64_t offset;           /* offset of the key in the file */
    enum lt_bolt_origin origin;
    /* Not live, and the same key and value were reported before, in a bucket of the same name if it has one. */
    bool known;
    /* Not live, while the live tree or a meta page is damaged: it may be a part of that which is lost, and so not have
     * been deleted at all. */
    bool stands_in;
};

/* What rows of an item that stands in say of it. */
#define LT_BOLT_STANDS_IN "from what is left of the database, which is damaged: it may have been removed since, or not"

struct lt_bolt {
    uint32_t page_size;
    bool big_endian;
    unsigned meta;        /* number of the meta page whose tree is the live one */
    uint64_t transaction; /* that made it; 0 if no meta page can be used */
    bool stale; /* it may not be the last one: the other meta page is damaged, or its tree, or both pages are */
    uint64_t pages[LT_BOLT_ORIGINS]; /* leaf pages read */
    uint64_t damages;                /* damaged meta pages, and damaged pages and items of the live tree */
    char damage[100];                /* a description of the first one */
};

/* Report every item of the database in `bytes` to `each`, and fill in `bolt`. What cannot be read is counted and
 * skipped. Time and memory are bounded, even for a hostile file. If `each` returns anything but LT_OK, reading stops
 * and that status is returned. */
enum lt_status lt_bolt_read(struct lt_str bytes, struct lt_bolt *bolt,
                            enum lt_status (*each)(void *arg, const struct lt_bolt_item *item, struct lt_err *err),
                            void *arg, struct lt_err *err);

#endif
