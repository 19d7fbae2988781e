// SPDX-License-Identifier: Apache-2.0
#ifndef LT_BASE_VERSION_H
#define LT_BASE_VERSION_H

/* Version of layertime. */
#define LT_VERSION "0.1.0"

#endif
