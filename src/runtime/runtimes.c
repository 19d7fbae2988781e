// SPDX-License-Identifier: Apache-2.0
#include "model/runtime.h"

#include <stddef.h>

#define RUNTIME(name) extern const struct lt_runtime lt_runtime_##name;
#include "runtime/runtimes.def"

const struct lt_runtime *const lt_runtimes[] = {
#define RUNTIME(name) &lt_runtime_##name,
#include "runtime/runtimes.def"
    NULL,
};
