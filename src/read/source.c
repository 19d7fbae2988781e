// SPDX-License-Identifier: Apache-2.0
#include "read/source.h"

#define SOURCE(name) extern const struct lt_source lt_source_##name;
#include "read/sources.def"
#undef SOURCE

const struct lt_source *const lt_sources[] = {
#define SOURCE(name) &lt_source_##name,
#include "read/sources.def"
#undef SOURCE
    NULL,
};
