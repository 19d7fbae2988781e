// SPDX-License-Identifier: Apache-2.0
#include "runtime/runtimes.h"

#define RUNTIME(name) extern const struct lt_runtime lt_runtime_##name;
#include "runtime/runtimes.def"

const struct lt_runtime *const lt_runtimes[] = {
#define RUNTIME(name) &lt_runtime_##name,
#include "runtime/runtimes.def"
    NULL,
};

void lt_runtimes_list(struct lt_buf *out, bool stores)
{
    for (size_t i = 0; lt_runtimes[i]; i++) {
        if (i)
            lt_buf_add(out, lt_runtimes[i + 1] ? LT_STR(", ") : LT_STR(" or "));
        lt_buf_printf(out, "%s%s%s", lt_runtimes[i]->title, stores ? " " : "", stores ? lt_runtimes[i]->store : "");
    }
}

const struct lt_runtime *lt_runtime_of_namespace(struct lt_str namespace)
{
    for (size_t i = 0; lt_runtimes[i]; i++)
        if (lt_runtimes[i]->serves && lt_runtimes[i]->serves(namespace))
            return lt_runtimes[i];
    return NULL;
}

const struct lt_runtime *lt_runtime_named(const char *name)
{
    for (size_t i = 0; lt_runtimes[i]; i++)
        if (strcmp(lt_runtimes[i]->name, name) == 0)
            return lt_runtimes[i];
    return NULL;
}

bool lt_is_container_id(struct lt_str text)
{
    for (size_t i = 0; lt_runtimes[i]; i++)
        if (lt_runtimes[i]->is_id(text))
            return true;
    return false;
}
