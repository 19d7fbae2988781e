// SPDX-License-Identifier: Apache-2.0
/* Which networks a container is in, by its configuration (moby api/types/network EndpointSettings, 1.9 to 29.x). Of one
 * that is stopped the addresses are empty. */
#include "model/network.h"
#include "parse/json.h"
#include "runtime/docker/container.h"

static void add_address(struct lt_arena *arena, struct lt_member *member, const struct json_t *json,
                        const char *address, const char *prefix)
{
    struct lt_str text = lt_json_str(json, address);
    int64_t length = 0;
    if (!text.len)
        return;
    lt_list_add_str(&member->addresses, arena,
                    lt_json_int(json, prefix, &length)
                        ? lt_str_format(arena, "%.*s/%jd", LT_ARG(text), (intmax_t)length)
                        : lt_str_dup(arena, text));
}

void lt_docker_networks_read(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *json)
{
    struct lt_str name;
    const struct json_t *value;
    for (void *iter = NULL; lt_json_next(lt_json_at(json, "NetworkSettings.Networks"), &iter, &name, &value);) {
        struct lt_member *member = lt_new(ctx->run, struct lt_member);
        *member = (struct lt_member){.network = lt_str_dup(ctx->run, lt_json_str(value, "NetworkID")),
                                     .network_name = lt_str_dup(ctx->run, name),
                                     .container = container->id,
                                     .mac = lt_str_dup(ctx->run, lt_json_str(value, "MacAddress"))};
        add_address(ctx->run, member, value, "IPAddress", "IPPrefixLen");
        add_address(ctx->run, member, value, "GlobalIPv6Address", "GlobalIPv6PrefixLen");
        lt_list_add(&container->networks, ctx->run, member);
    }
}
