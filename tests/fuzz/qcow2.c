// SPDX-License-Identifier: Apache-2.0
/* A qcow2 image that lies: see packed.h. */
#include "packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return read_image(data, size, 0, LT_STR("QFI\xfb"));
}
