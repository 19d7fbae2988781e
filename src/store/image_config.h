// SPDX-License-Identifier: Apache-2.0
/* The configuration of an image: what built it, step by step, and of which layers it consists (OCI image-spec
 * config.md, and Docker's, which is the same; moby daemon/internal/image/image.go, 20.10 to 29). `created` and
 * `history[].created` are by the builder's clock. */
#ifndef LT_STORE_IMAGE_CONFIG_H
#define LT_STORE_IMAGE_CONFIG_H

#include "model/inventory.h"
#include "read/context.h"

struct json_t;

/* Read image->config, which must be there, and set what the image has from it: arrived, diff IDs, history, created and
 * stamp. Reports what is damaged. */
void lt_image_config_read(struct lt_ctx *ctx, struct lt_image *image);

/* The same from `json`, a document that was read from image->config. */
void lt_image_config_take(struct lt_ctx *ctx, struct lt_image *image, const struct json_t *json);

/* Emit its build steps, and report layers that are not known. A step without a usable time has bounds from those beside
 * it and from the image's arrival; if there are none, it is emitted without a time. */
enum lt_status lt_image_steps_emit(struct lt_ctx *ctx, const struct lt_image *image, struct lt_err *err);

#endif
