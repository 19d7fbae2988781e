// SPDX-License-Identifier: Apache-2.0
#include "store/store.h"

#define STORE(name) extern const struct lt_store lt_store_##name;
#include "store/stores.def"
#undef STORE

const struct lt_store *const lt_stores[] = {
#define STORE(name) &lt_store_##name,
#include "store/stores.def"
#undef STORE
    NULL,
};
