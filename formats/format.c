// SPDX-License-Identifier: Apache-2.0
#include "formats/format.h"

#include <string.h>

#define FORMAT(name) extern const struct lt_format lt_format_##name;
#include "formats/formats.def"
#undef FORMAT

const struct lt_format *const lt_formats[] = {
#define FORMAT(name) &lt_format_##name,
#include "formats/formats.def"
#undef FORMAT
    NULL,
};

const struct lt_format *lt_format_named(const char *name)
{
    for (size_t i = 0; lt_formats[i]; i++)
        if (strcmp(lt_formats[i]->name, name) == 0)
            return lt_formats[i];
    return NULL;
}

const struct lt_format *lt_format_for(const char *path)
{
    struct lt_str name = lt_str_c(path);
    if (lt_str_ends(name, LT_STR(".gz")))
        name.len -= 3;
    for (size_t i = 0; lt_formats[i]; i++)
        if (lt_str_ends(name, lt_str_c(lt_formats[i]->suffix)))
            return lt_formats[i];
    return NULL;
}
