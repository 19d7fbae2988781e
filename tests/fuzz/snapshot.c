// SPDX-License-Identifier: Apache-2.0
/* What passes as an identifier can be a component of a path and nothing else; parts of a name make up the name. */
#include "parse/snapshot.h"

#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str text = {(const char *)data, size};
    struct lt_snapshot_name name;
    uint64_t number;
    int64_t signed_number;
    if (lt_is_identifier(text)) {
        PROMISE(size > 0 && size <= 76 && text.ptr[0] != '.' && text.ptr[0] != '-');
        PROMISE(!memchr(text.ptr, '/', size) && !memchr(text.ptr, 0, size) && !memmem(text.ptr, size, "..", 2));
    }
    if (lt_snapshot_name_split(text, &name)) {
        PROMISE(lt_is_identifier(name.namespace) && lt_snapshot_number(name.number, &number) && name.key.len);
        PROMISE(name.namespace.len + name.number.len + name.key.len + 2 == size);
    }
    PROMISE(!lt_uvarint(text, &number) || (size && size <= 10));
    PROMISE(lt_zigzag(text, &signed_number) || !signed_number);
    return 0;
}
