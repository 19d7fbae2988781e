// SPDX-License-Identifier: Apache-2.0
/* Contents of the files found: their SHA-256, and the files of images that have the same. */
#ifndef LT_FINDINGS_CONTENTS_H
#define LT_FINDINGS_CONTENTS_H

#include "findings/found.h"
#include "read/context.h"

enum { LT_MOST_HASHED = 1024 * 1024 * 1024 }; /* bytes of a file; a larger one is not read */

/* Order the files of images by size, once all events were taken. */
void lt_contents_begin(struct lt_founds *founds);

/* Set the SHA-256 of a finding, if it is about a file with contents, and what it equals among the files of the images
 * of the containers that see it: a program that equals one is no new one, but a copy. What cannot be read is reported.
 */
void lt_contents_of(struct lt_ctx *ctx, struct lt_founds *founds, struct lt_found *found);

/* The file system in which lt_found.at of this owner lies. NULL: it is not known. */
struct lt_fs *lt_found_fs(const struct lt_owner *owner);

#endif
