// SPDX-License-Identifier: Apache-2.0
#include "dockerd.h"

/* Options whose name in daemon.json is another, or that have a letter, or that are switches. */
static const struct option {
    char letter;
    const char *name, *key;
    bool is_switch;
} OPTIONS[] = {
    {'H', "host", "hosts", false},
    {'D', "debug", "debug", true},
    {'G', "group", "group", false},
    {'b', "bridge", "bridge", false},
    {'d', "daemon", "daemon", true}, /* before 1.8 */
    {'e', "exec-driver", "exec-driver", false},
    {'g', "graph", "data-root", false}, /* before 17.05 */
    {'l', "log-level", "log-level", false},
    {'p', "pidfile", "pidfile", false},
    {'r', "restart", "restart", true},
    {'s', "storage-driver", "storage-driver", false},
    {0, "add-runtime", "runtimes", false},
    {0, "authorization-plugin", "authorization-plugins", false},
    {0, "cri-containerd", "cri-containerd", true},
    {0, "default-address-pool", "default-address-pools", false},
    {0, "default-ulimit", "default-ulimits", false},
    {0, "dns-opt", "dns-opts", false},
    {0, "exec-opt", "exec-opts", false},
    {0, "experimental", "experimental", true},
    {0, "icc", "icc", true},
    {0, "init", "init", true},
    {0, "insecure-registry", "insecure-registries", false},
    {0, "ip-forward", "ip-forward", true},
    {0, "ip-forward-no-drop", "ip-forward-no-drop", true},
    {0, "ip-masq", "ip-masq", true},
    {0, "ip6tables", "ip6tables", true},
    {0, "iptables", "iptables", true},
    {0, "ipv6", "ipv6", true},
    {0, "label", "labels", false},
    {0, "live-restore", "live-restore", true},
    {0, "log-opt", "log-opts", false},
    {0, "no-new-privileges", "no-new-privileges", true},
    {0, "node-generic-resource", "node-generic-resources", false},
    {0, "raw-logs", "raw-logs", true},
    {0, "registry-mirror", "registry-mirrors", false},
    {0, "rootless", "rootless", true},
    {0, "selinux-enabled", "selinux-enabled", true},
    {0, "storage-opt", "storage-opts", false},
    {0, "tls", "tls", true},
    {0, "tlsverify", "tlsverify", true},
    {0, "userland-proxy", "userland-proxy", true},
    {0, "validate", "validate", true},
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

/* "--name", "--name=value", "--name value"; old versions take one dash, too (moby pkg/mflag, up to 1.12). */
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

/* "-H value", "-Hvalue", "-H=value", and switches before it: "-DH value". Of several switches the last counts: no rule
 * needs the others. */
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

/* Without port and path: "[v6]", a name or number. */
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
