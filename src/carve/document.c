// SPDX-License-Identifier: Apache-2.0
#include "carve/document.h"

static void take_byte(struct lt_carve_document *document, char byte)
{
    if (document->in_string) {
        bool ends = byte == '"' && !document->escaped;
        document->escaped = byte == '\\' && !document->escaped;
        document->in_string = !ends;
        return;
    }
    document->in_string = byte == '"';
    document->depth += byte == '{' || byte == '[';
    if ((byte == '}' || byte == ']') && document->depth)
        document->closed = !--document->depth;
}

size_t lt_carve_document(struct lt_carve_document *document, struct lt_str piece)
{
    size_t at = 0;
    while (at < piece.len && !document->closed)
        take_byte(document, piece.ptr[at++]);
    return at;
}
