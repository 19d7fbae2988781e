// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/volumes.h"

#define VOLUME(name) extern const struct lt_volume_kind lt_volume_##name;
#include "evidence/volumes/volumes.def"
#undef VOLUME

const struct lt_volume_kind *const lt_volume_kinds[] = {
#define VOLUME(name) &lt_volume_##name,
#include "evidence/volumes/volumes.def"
#undef VOLUME
    NULL,
};
