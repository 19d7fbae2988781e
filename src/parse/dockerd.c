// SPDX-License-Identifier: Apache-2.0
#include "parse/dockerd.h"

/* Options that have another name in daemon.json, have a letter, or are switches. */
static const struct option {
    const char *name, *key;
    char letter; /* 0: none */
    bool is_switch;
} OPTIONS[] = {
    {"host", "hosts", 'H', false},
    {"debug", "debug", 'D', true},
    {"group", "group", 'G', false},
    {"bridge", "bridge", 'b', false},
    {"daemon", "daemon", 'd', true}, /* before 1.8 */
    {"exec-driver", "exec-driver", 'e', false},
    {"graph", "data-root", 'g', false}, /* before 17.05 */
    {"log-level", "log-level", 'l', false},
    {"pidfile", "pidfile", 'p', false},
    {"restart", "restart", 'r', true},
    {"storage-driver", "storage-driver", 's', false},
    {"add-runtime", "runtimes", 0, false},
    {"authorization-plugin", "authorization-plugins", 0, false},
    {"cdi-spec-dir", "cdi-spec-dirs", 0, false},
    {"cluster-store-opt", "cluster-store-opts", 0, false}, /* before 23.0 */
    {"cri-containerd", "cri-containerd", 0, true},
    {"default-address-pool", "default-address-pools", 0, false},
    {"default-network-opt", "default-network-opts", 0, false},
    {"default-ulimit", "default-ulimits", 0, false},
    {"dns-opt", "dns-opts", 0, false},
    {"exec-opt", "exec-opts", 0, false},
    {"experimental", "experimental", 0, true},
    {"feature", "features", 0, false},
    {"host-gateway-ip", "host-gateway-ips", 0, false},
    {"icc", "icc", 0, true},
    {"init", "init", 0, true},
    {"insecure-registry", "insecure-registries", 0, false},
    {"ip-forward", "ip-forward", 0, true},
    {"ip-forward-no-drop", "ip-forward-no-drop", 0, true},
    {"ip-masq", "ip-masq", 0, true},
    {"ip6tables", "ip6tables", 0, true},
    {"iptables", "iptables", 0, true},
    {"ipv6", "ipv6", 0, true},
    {"label", "labels", 0, false},
    {"live-restore", "live-restore", 0, true},
    {"log-opt", "log-opts", 0, false},
    {"no-new-privileges", "no-new-privileges", 0, true},
    {"node-generic-resource", "node-generic-resources", 0, false},
    {"raw-logs", "raw-logs", 0, true},
    {"registry-mirror", "registry-mirrors", 0, false},
    {"rootless", "rootless", 0, true},
    {"selinux-enabled", "selinux-enabled", 0, true},
    {"storage-opt", "storage-opts", 0, false},
    {"tls", "tls", 0, true},
    {"tlsverify", "tlsverify", 0, true},
    {"userland-proxy", "userland-proxy", 0, true},
    {"validate", "validate", 0, true},
};

static const struct option *find(char letter, struct lt_str name)
{
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++)
        if (letter ? OPTIONS[i].letter == letter : lt_str_eq(name, lt_str_c(OPTIONS[i].name)))
            return &OPTIONS[i];
    return NULL;
}

static struct lt_str word_at(const struct lt_list *words, size_t at)
{
    return at < words->count ? *(const struct lt_str *)words->items[at] : LT_STR("");
}

/* "--name", "--name=value", "--name value"; old versions also accept one dash (moby pkg/mflag, up to 1.12). */
static void read_long(const struct lt_list *words, size_t *at, struct lt_str text, struct lt_dockerd_option *out)
{
    bool has_value = memchr(text.ptr, '=', text.len);
    struct lt_str name = lt_str_cut(&text, '='), next = word_at(words, *at);
    const struct option *known = find(0, name);
    out->key = known ? lt_str_c(known->key) : name;
    out->value = has_value ? text : LT_STR("true");
    if (has_value || (known && known->is_switch) || *at >= words->count || lt_str_starts(next, LT_STR("-")))
        return;
    out->value = next;
    ++*at;
}

/* "-H value", "-Hvalue", "-H=value", with optional switches before it: "-DH value". Of several switches only the last
 * one is returned: no rule needs the others. */
static void read_letters(const struct lt_list *words, size_t *at, struct lt_str text, struct lt_dockerd_option *out)
{
    const struct option *known = find(text.ptr[0], LT_STR(""));
    while (known && known->is_switch && text.len > 1 && text.ptr[1] != '=') {
        text = lt_str_skip(text, 1);
        known = find(text.ptr[0], LT_STR(""));
    }
    out->key = known ? lt_str_c(known->key) : (struct lt_str){text.ptr, 1};
    text = lt_str_skip(text, 1);
    if (text.len) {
        out->value = lt_str_starts(text, LT_STR("=")) ? lt_str_skip(text, 1) : text;
    } else if (known && !known->is_switch && *at < words->count) {
        out->value = word_at(words, *at);
        ++*at;
    } else {
        out->value = LT_STR("true");
    }
}

enum lt_status lt_dockerd_next(const struct lt_list *words, size_t *at, struct lt_dockerd_option *out)
{
    while (*at < words->count) {
        struct lt_str word = word_at(words, *at), name = lt_str_skip(word, 1);
        ++*at;
        if (lt_str_eq(word, LT_STR("--"))) {
            *at = words->count;
            return LT_END;
        }
        if (word.len < 2 || word.ptr[0] != '-')
            continue;
        struct lt_str rest = name;
        if (word.ptr[1] == '-')
            read_long(words, at, lt_str_skip(word, 2), out);
        else if (find(0, lt_str_cut(&rest, '=')))
            read_long(words, at, name, out);
        else
            read_letters(words, at, name, out);
        return LT_OK;
    }
    return LT_END;
}

static bool is_loopback(struct lt_str address)
{
    return lt_str_eq(address, LT_STR("localhost")) || lt_str_starts(address, LT_STR("127.")) ||
           lt_str_starts(address, LT_STR("[::1]")) || lt_str_eq(address, LT_STR("::1"));
}

/* The address without port and path: "[v6]", a name or a number. */
static struct lt_str address_of(struct lt_str text)
{
    if (lt_str_starts(text, LT_STR("[")))
        return text;
    text = lt_str_cut(&text, '/');
    return lt_str_cut(&text, ':');
}

enum lt_reach lt_dockerd_reach(struct lt_str host)
{
    static const char *const others[] = {"unix://", "fd://", "npipe://", "vsock://"};
    host = lt_str_trim(host);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (lt_str_starts(host, lt_str_c(others[i])))
            return LT_REACH_SOCKET;
    if (!host.len)
        return LT_REACH_SOCKET; /* the default */
    if (lt_str_starts(host, LT_STR("tcp://")))
        host = lt_str_skip(host, strlen("tcp://"));
    host = address_of(host);
    return !host.len || is_loopback(host) ? LT_REACH_LOCAL : LT_REACH_NETWORK;
}

enum lt_reach lt_listen_reach(struct lt_str value)
{
    if (!value.len || value.ptr[0] == '/' || value.ptr[0] == '@' || value.ptr[0] == '%' ||
        lt_str_starts(value, LT_STR("vsock:")))
        return LT_REACH_SOCKET;
    if (!memchr(value.ptr, ':', value.len))
        return LT_REACH_NETWORK;
    return is_loopback(address_of(value)) ? LT_REACH_LOCAL : LT_REACH_NETWORK;
}
