// SPDX-License-Identifier: Apache-2.0
/* The settings of a container on its host: hostconfig.json (moby api/types/container/hostconfig.go, 1.6 to 28.x). It
 * does not say whose it is. */
#include "carve/grown.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    enum { WITHIN = 4096 };
    (void)skip;
    return lt_carve_begins_with(block, LT_STR("{\"Binds\":")) &&
           lt_carve_has(block, LT_STR("\"ContainerIDFile\":"), WITHIN);
}

static bool finish(struct lt_carve_find *find)
{
    struct json_t *json = lt_carve_parse(find);
    bool is_one = lt_json_is_object(json);
    lt_json_free(json);
    return is_one;
}

const struct lt_carve_format lt_carve_host_config = {
    .name = "host-config",
    .text = true,
    .cuts = LT_CARVE_CUTS_ALWAYS,
    .keep = 1 << 20,
    .begins = begins,
    .take = lt_carve_take_document,
    .finish = finish,
    .why = "it is damaged",
};
