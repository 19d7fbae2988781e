// SPDX-License-Identifier: Apache-2.0
/* Names of Kubernetes' files. What is taken for a name becomes part of no path that leads elsewhere. */
#include "parse/podname.h"

#include "fuzz.h"

static void check(struct lt_str part, struct lt_str whole)
{
    PROMISE(!part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
    PROMISE(!part.len || (part.ptr[0] != '.' && !memchr(part.ptr, '/', part.len) && !memchr(part.ptr, 0, part.len)));
}

static void check_name(const struct lt_pod_name *name, struct lt_str text)
{
    const struct lt_str parts[] = {name->uid, name->name, name->namespace, name->container, name->id};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        check(parts[i], text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str text = {(const char *)data, size};
    struct lt_pod_name name;
    struct lt_pod_log log;
    struct lt_time time;
    if (lt_pod_log_directory(text, &name)) {
        check_name(&name, text);
        PROMISE(lt_is_pod_uid(name.uid) && !name.name.len == !name.namespace.len);
    }
    if (lt_pod_log_link(text, &name))
        check_name(&name, text);
    if (lt_pod_log_file(text, &log, &name)) {
        check_name(&name, text);
        check(log.log, text);
        check(log.stamp, text);
        PROMISE(name.has_attempt && log.local.set == (log.stamp.len > 0));
    }
    if (lt_pod_projection(text, &time))
        PROMISE(time.set);
    if (lt_pod_checkpoint(text, &name, &time)) {
        check_name(&name, text);
        PROMISE(time.set);
    }
    return 0;
}
