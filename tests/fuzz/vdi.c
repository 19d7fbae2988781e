// SPDX-License-Identifier: Apache-2.0
/* A VDI that lies: see packed.h. */
#include "packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return read_image(data, size, 64, LT_STR("\x7f\x10\xda\xbe"));
}
