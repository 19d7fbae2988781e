// SPDX-License-Identifier: Apache-2.0
#ifndef LT_EVIDENCE_IMAGE_IMAGE_H
#define LT_EVIDENCE_IMAGE_IMAGE_H

/* Version of libtsk, for --version. */
const char *lt_image_version(void);

#endif
