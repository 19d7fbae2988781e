// SPDX-License-Identifier: Apache-2.0
/* The grammar of identifiers that Docker leaves on disk. An ID becomes part of a path only after a check here. */
#ifndef LT_PARSE_IDENT_H
#define LT_PARSE_IDENT_H

#include "base/str.h"

/* 64 lower-case hex digits: containers, images, layers (moby daemon/internal/stringid). */
bool lt_is_id(struct lt_str text);

/* The digits of "sha256:" and 64 hex digits, or an empty view (opencontainers/go-digest). */
struct lt_str lt_digest_hex(struct lt_str text);

/* Name of a layer directory of a storage driver: hex or, from BuildKit, base32; possibly with "-init" or "-removing"
 * after it (moby daemon/internal/layer/layer_store.go). Letters, digits and "-", not "-" first, at most 128. */
bool lt_is_store_id(struct lt_str text);

/* Short name of an overlay2 layer below l/: 26 of A-Z2-7 (moby daemon/graphdriver/overlay2/randomid.go). */
bool lt_is_link_id(struct lt_str text);

/* The first 12 digits of an ID, without "sha256:", as docker prints it. */
struct lt_str lt_short_id(struct lt_str id);

#endif
