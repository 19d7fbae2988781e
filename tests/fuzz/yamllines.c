// SPDX-License-Identifier: Apache-2.0
/* A file of YAML, to its end. */
#include "parse/yamllines.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str text = {(const char *)data, size};
    struct lt_yaml yaml = {.rest = text};
    struct lt_yaml_item item;
    unsigned line = 0;
    while (lt_yaml_next(&yaml, &item)) {
        PROMISE(item.line >= line && item.line == yaml.line);
        PROMISE(!item.value.len || !memchr(item.value.ptr, '\n', item.value.len));
        PROMISE(yaml.depth <= LT_YAML_DEPTH);
        line = item.line;
    }
    PROMISE(!yaml.rest.len && !yaml.flow.len);
    PROMISE(yaml.first <= yaml.line);
    lt_yaml_free(&yaml);
    return 0;
}
