// SPDX-License-Identifier: Apache-2.0
/* One leaf page of a bbolt database that may be gone: see bbolt.h for its layout. */
#ifndef LT_PARSE_BOLTPAGE_H
#define LT_PARSE_BOLTPAGE_H

#include "base/err.h"
#include "base/str.h"

enum { LT_BOLT_PAGE = 4096, LT_BOLT_PAGE_MOST = 1024 }; /* bytes of a page on usual machines; most pages in a row */

/* The bytes that the leaf page takes whose first LT_BOLT_PAGE bytes, or fewer, are `bytes`, with the pages that it runs
 * over; 0: none begins there. Only its header and the place of its first item are looked at. */
size_t lt_bolt_page_size(struct lt_str bytes);

/* Call `each` for each item of a whole page. `bucket`: the value is that of a bucket. LT_SKIP: it is no leaf page whose
 * items follow each other in the order of their keys; `each` may have had some. Anything but LT_OK from `each` is
 * returned. Integers are little-endian, as on x86 and ARM. */
enum lt_status lt_bolt_page(struct lt_str bytes,
                            enum lt_status (*each)(void *arg, struct lt_str key, struct lt_str value, bool bucket,
                                                   struct lt_err *err),
                            void *arg, struct lt_err *err);

#endif
