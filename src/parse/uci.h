// SPDX-License-Identifier: Apache-2.0
/* Configuration files of OpenWrt (openwrt.org docs, "UCI file syntax"; openwrt/uci file.c): lines `config TYPE
 * ['NAME']`, `option KEY VALUE`, `list KEY VALUE`, with single quotes, double quotes or none, and comments after #. */
#ifndef LT_PARSE_UCI_H
#define LT_PARSE_UCI_H

#include "base/str.h"

/* Initialise `rest` with the text. */
struct lt_uci {
    struct lt_str rest, section; /* section: type of the current one, "" before the first */
};

struct lt_uci_option {
    struct lt_str section, key, value; /* in the arena */
};

/* The next option, or item of a list. Lines that are neither are skipped. False: there are no more. */
bool lt_uci_next(struct lt_uci *uci, struct lt_arena *arena, struct lt_uci_option *out);

#endif
