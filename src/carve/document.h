// SPDX-License-Identifier: Apache-2.0
/* Where a JSON document ends: by its braces, brackets and strings, and without looking at the rest of its grammar. It
 * may come in pieces. */
#ifndef LT_CARVE_DOCUMENT_H
#define LT_CARVE_DOCUMENT_H

#include "base/str.h"

/* Initialise with zeros. */
struct lt_carve_document {
    uint64_t depth; /* of what is open */
    bool in_string, escaped;
    bool closed; /* it has ended */
};

/* Take the next piece. The number of its bytes up to the end of the document; all of them if it goes on. */
size_t lt_carve_document(struct lt_carve_document *document, struct lt_str piece);

#endif
