// SPDX-License-Identifier: Apache-2.0
/* Names of containers without a configuration, learned from the lines of a host's logs. */
#ifndef LT_HOST_NAMES_H
#define LT_HOST_NAMES_H

#include "host/attribution.h"

/* Learn what the line says. Returns whom it is about, if that is known by a name alone, and so not for sure; else
 * NULL. */
const struct lt_owner *lt_names_learn(struct lt_attribution *attribution, const struct lt_host_line *line);

#endif
