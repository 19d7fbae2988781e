// SPDX-License-Identifier: Apache-2.0
/* The configuration of a container: config.v2.json of Docker 1.10 and later, config.json before (moby
 * daemon/container/container.go, 1.6 to 28.x). Each save is a new file. */
#include "carve/grown.h"
#include "parse/ident.h"
#include "parse/stamp.h"

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    enum { STATE_WITHIN = 4096 };
    (void)skip;
    return (lt_carve_begins_with(block, LT_STR("{\"StreamConfig\":")) ||
            lt_carve_begins_with(block, LT_STR("{\"State\":{"))) &&
           lt_carve_has(block, LT_STR("\"Running\":"), STATE_WITHIN);
}

static void add_time(struct lt_carve_find *find, const struct json_t *json, const char *path)
{
    struct lt_time time = {0};
    struct lt_err ignored = {0};
    if (lt_stamp_rfc3339(lt_json_str(json, path), &time, &ignored) == LT_OK)
        lt_time_widen(&find->said.first, &find->said.last, time);
}

static bool finish(struct lt_carve_find *find)
{
    struct json_t *json = lt_carve_parse(find);
    struct lt_str id = lt_json_str(json, "ID"), name = lt_json_str(json, "Name"), image = lt_json_str(json, "Image");
    bool is_one = lt_is_id(id);
    if (is_one) {
        find->said.container = lt_carve_keep(find, id);
        find->said.name = lt_carve_keep(find, lt_str_starts(name, LT_STR("/")) ? lt_str_skip(name, 1) : name);
        find->said.image = lt_carve_keep(find, lt_digest_hex(image));
        add_time(find, json, "Created");
        add_time(find, json, "State.StartedAt");
        add_time(find, json, "State.FinishedAt");
    }
    lt_json_free(json);
    return is_one;
}

const struct lt_carve_format lt_carve_container_config = {
    .name = "container-config",
    .text = true,
    .cuts = LT_CARVE_CUTS_ALWAYS,
    .keep = 1 << 20,
    .begins = begins,
    .take = lt_carve_take_document,
    .finish = finish,
    .why = "it is damaged",
};
