// SPDX-License-Identifier: Apache-2.0
/* Fill a directory with the disk of a busy Docker host (overlay2), for `make bench`:
 *
 *   host ROOT ENTRIES LAYERS [WIDE]
 *
 * ENTRIES names (files, directories, links, whiteouts) are spread over LAYERS layers, each of which is one of: a
 * node_modules tree, a Python site-packages tree, a Debian root, an application. Names, depth and fan-out follow those
 * shapes. Every fifth layer is the rw layer of a container, the four before it are its image. 3 % of the entries are
 * links, 1 % whiteouts; 10 % of the files hold 1 to 200 bytes and the others none, so that the disk is metadata. With
 * WIDE, one directory of the last layer holds that many names.
 *
 * The same arguments make the same tree, but for atime, ctime and birth, which are the kernel's. Digests are random
 * numbers. Needs root: whiteouts are devices, opaque directories a trusted attribute. Prints the number of entries. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { ID = 64, LINK = 26, STACK = 5, FIRST_BUILD = 1650000000, DAY = 86400 };

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The layers of one image, and of the container that runs it. */
struct stack {
    char chain[ID + 1], image[ID + 1];        /* chain ID of the layer on top */
    char diff[STACK][ID + 1];                 /* diff IDs, lowest first */
    char lower[(STACK + 1) * (LINK + 3) + 1]; /* "l/SHORT:l/SHORT", top first */
    unsigned count;
};

struct host {
    uint64_t random;
    long made;                                              /* entries so far */
    time_t built;                                           /* when the present layer was built */
    int layers, links, layerdb, mounts, images, containers; /* directories */
    FILE *repositories;
    unsigned names; /* images in `repositories` so far */
    struct stack stack;
};

/* Endings of the names in one kind of layer. */
struct shape {
    const char *endings[11];
    unsigned count;
};

static const struct shape NODE = {
    {".js", ".js", ".js", ".d.ts", ".js.map", ".ts", ".json", ".md", ".mjs", ".cjs", ".flow"}, 11};
static const struct shape PYTHON = {{".py", ".py", ".cpython-311.pyc", ".pyi", ".so", ".txt", ".pyc"}, 7};
static const struct shape CACHE = {{".cpython-311.pyc"}, 1};
static const struct shape DEBIAN = {
    {".list", ".md5sums", ".gz", ".so.6", "", ".h", ".1.gz", ".conf", ".postinst", ".mo"}, 10};
static const struct shape PROGRAMS = {{""}, 1};

static unsigned below(struct host *host, unsigned limit)
{
    host->random ^= host->random << 13;
    host->random ^= host->random >> 7;
    host->random ^= host->random << 17;
    return (unsigned)((host->random >> 11) % limit);
}

static void make_id(struct host *host, char *out, unsigned length, const char *alphabet)
{
    unsigned letters = (unsigned)strlen(alphabet);
    for (unsigned i = 0; i < length; i++)
        out[i] = alphabet[below(host, letters)];
    out[length] = 0;
}

static void make_digest(struct host *host, char *out)
{
    make_id(host, out, ID, "0123456789abcdef");
}

/* One to three words, as the names of packages and sources are. */
static void make_name(struct host *host, char *out, unsigned words)
{
    static const char *const WORDS[] = {
        "util",    "core",    "index",    "parser",   "stream",  "client",    "server",  "http",    "async",
        "promise", "array",   "string",   "buffer",   "config",  "schema",    "loader",  "helper",  "runtime",
        "module",  "plugin",  "babel",    "webpack",  "regex",   "unicode",   "locale",  "event",   "emitter",
        "crypto",  "types",   "common",   "internal", "model",   "manager",   "handler", "factory", "context",
        "session", "request", "response", "adapter",  "storage", "transform", "visitor", "compat",  "legacy",
        "merge",   "source",  "map",      "error",    "debug",   "validate",  "format",  "convert", "date",
        "time",    "number",  "test"};
    char *end = out;
    for (unsigned i = 0; i < words; i++) {
        if (i)
            *end++ = below(host, 3) ? '-' : '_';
        end = stpcpy(end, WORDS[below(host, COUNT(WORDS))]);
    }
}

/* Make the directory, or take the one that is there. The caller closes. */
static int open_dir(struct host *host, int dir, const char *name)
{
    if (!mkdirat(dir, name, 0755))
        host->made++;
    else if (errno != EEXIST)
        err(1, "%s", name);
    int child = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child >= 0)
        return child;
    if (errno != ENOTDIR && errno != ELOOP)
        err(1, "%s", name);
    char other[300]; /* a file has the name */
    snprintf(other, sizeof other, "%s.d", name);
    return open_dir(host, dir, other);
}

static int open_path(struct host *host, int dir, const char *path)
{
    char copy[256], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", path);
    int at = dup(dir);
    for (char *name = strtok_r(copy, "/", &rest); name; name = strtok_r(NULL, "/", &rest)) {
        int child = open_dir(host, at, name);
        close(at);
        at = child;
    }
    return at;
}

static void put(struct host *host, int dir, const char *name, const char *text)
{
    int file = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    size_t length = strlen(text);
    if (file < 0 || write(file, text, length) != (ssize_t)length || close(file))
        err(1, "%s", name);
    host->made++;
}

static void put_link(struct host *host, int dir, const char *name)
{
    char target[192], word[128];
    make_name(host, word, 2);
    snprintf(target, sizeof target, below(host, 2) ? "../%s/bin/run.js" : "../../lib/x86_64-linux-gnu/%s.so", word);
    if (!symlinkat(target, dir, name))
        host->made++;
}

/* A file as a build leaves it: its mtime is the builder's. */
static void put_file(struct host *host, int dir, const char *name, bool filled)
{
    int file = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, below(host, 20) ? 0644 : 0755);
    if (file < 0 && errno == EEXIST)
        return;
    char bytes[200];
    memset(bytes, 'x', sizeof bytes);
    if (file < 0 || (filled && write(file, bytes, 1 + below(host, sizeof bytes)) < 0))
        err(1, "%s", name);
    struct timespec times[2] = {
        {0, UTIME_OMIT},
        {host->built + (time_t)below(host, DAY * 30), (long)below(host, 1000000000)},
    };
    if (futimens(file, times) || close(file))
        err(1, "%s", name);
    host->made++;
}

static void put_entry(struct host *host, int dir, const char *name)
{
    unsigned kind = below(host, 1000);
    if (kind >= 40)
        put_file(host, dir, name, kind < 136);
    else if (kind >= 10)
        put_link(host, dir, name);
    else if (!mknodat(dir, name, S_IFCHR, makedev(0, 0)))
        host->made++;
    else if (errno != EEXIST)
        err(1, "%s", name);
}

static void put_entries(struct host *host, int dir, long count, const struct shape *shape, long stop)
{
    char name[300], word[128];
    for (long i = 0; i < count && host->made < stop; i++) {
        make_name(host, word, 1 + below(host, 3));
        const char *ending = shape->endings[below(host, shape->count)];
        if (below(host, 3))
            snprintf(name, sizeof name, "%s%s", word, ending);
        else
            snprintf(name, sizeof name, "%s.%u%s", word, below(host, 10000), ending);
        put_entry(host, dir, name);
    }
}

static void put_tree(struct host *host, int dir, unsigned depth, const struct shape *shape, long stop)
{
    char name[128];
    put_entries(host, dir, 3 + (long)below(host, 14), shape, stop);
    unsigned children = depth ? below(host, 4) : 0;
    for (unsigned i = 0; i < children && host->made < stop; i++) {
        make_name(host, name, 1 + below(host, 2));
        int child = open_dir(host, dir, name);
        if (!below(host, 500) && fsetxattr(child, "trusted.overlay.opaque", "y", 1, 0))
            err(1, "trusted.overlay.opaque");
        put_tree(host, child, depth - 1, shape, stop);
        close(child);
    }
}

/* A tree at `path` of `dir`, below a new name. */
static void put_package(struct host *host, int dir, const char *path, unsigned depth, const struct shape *shape,
                        long stop)
{
    char name[128];
    make_name(host, name, 1 + below(host, 2));
    int parent = open_path(host, dir, path), package = open_dir(host, parent, name);
    put_tree(host, package, depth, shape, stop);
    close(package);
    close(parent);
}

static void put_node_modules(struct host *host, int dir, long stop)
{
    char path[192], scope[128];
    while (host->made < stop) {
        make_name(host, scope, 1);
        snprintf(path, sizeof path, "usr/src/app/node_modules/%s%s", below(host, 5) ? "" : "@", scope);
        put_package(host, dir, path, 4, &NODE, stop);
    }
}

static void put_site_packages(struct host *host, int dir, long stop)
{
    int site = open_path(host, dir, "usr/local/lib/python3.11/site-packages");
    while (host->made < stop) {
        char name[128], info[200];
        make_name(host, name, 1 + below(host, 2));
        int package = open_dir(host, site, name), cache = open_dir(host, package, "__pycache__");
        put_tree(host, package, 4, &PYTHON, stop);
        put_entries(host, cache, 4 + (long)below(host, 30), &CACHE, stop);
        close(cache);
        close(package);
        snprintf(info, sizeof info, "%s-%u.%u.%u.dist-info", name, below(host, 9), below(host, 20), below(host, 20));
        package = open_dir(host, site, info);
        put_entry(host, package, "METADATA");
        put_entry(host, package, "RECORD");
        close(package);
    }
    close(site);
}

static void put_debian(struct host *host, int dir, long stop)
{
    static const char *const PLACES[] = {"usr/share/doc",     "usr/lib/x86_64-linux-gnu", "usr/share/locale",
                                         "usr/include/linux", "usr/share/zoneinfo",       "etc"};
    int info = open_path(host, dir, "var/lib/dpkg/info"), programs = open_path(host, dir, "usr/bin");
    put_entries(host, info, (stop - host->made) / 8, &DEBIAN, stop);
    put_entries(host, programs, (stop - host->made) / 12, &PROGRAMS, stop);
    close(info);
    close(programs);
    while (host->made < stop)
        put_package(host, dir, PLACES[below(host, COUNT(PLACES))], 2, &DEBIAN, stop);
}

static void put_application(struct host *host, int dir, long stop)
{
    while (host->made < stop)
        put_package(host, dir, "opt/app", 6, below(host, 2) ? &NODE : &DEBIAN, stop);
}

/* A mail queue or a cache that nobody cleaned: `count` names in one directory. */
static void put_wide(struct host *host, int dir, long count)
{
    int wide = open_path(host, dir, "var/cache/app/objects");
    for (long i = 0; i < count; i++) {
        char name[64];
        snprintf(name, sizeof name, "object-%08x.%06ld", below(host, UINT32_MAX), i);
        put_file(host, wide, name, false);
    }
    close(wide);
}

/* overlay2/ID with what the driver keeps beside diff/. `id` is set; returns diff/, which the caller closes. */
static int make_layer_dir(struct host *host, const char *id)
{
    char link[LINK + 1], target[ID + 32], lower[sizeof host->stack.lower];
    make_id(host, link, LINK, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    snprintf(target, sizeof target, "../%s/diff", id);
    int layer = open_dir(host, host->layers, id), diff = open_dir(host, layer, "diff");
    put(host, layer, "link", link);
    if (symlinkat(target, host->links, link))
        err(1, "%s", link);
    host->made++;
    if (host->stack.lower[0]) {
        put(host, layer, "lower", host->stack.lower);
        close(open_dir(host, layer, "work"));
    }
    close(layer);
    size_t kept = strlen(host->stack.lower);
    memcpy(lower, host->stack.lower, kept + 1);
    if (kept + LINK + 4 > sizeof lower)
        errx(1, "the list of lower layers is too long");
    snprintf(host->stack.lower, sizeof host->stack.lower, "l/%s%s%.*s", link, kept ? ":" : "", (int)kept, lower);
    return diff;
}

static void register_layer(struct host *host, const char *id)
{
    char chain[ID + 1], text[ID + 16];
    struct stack *stack = &host->stack;
    make_digest(host, chain);
    make_digest(host, stack->diff[stack->count]);
    int record = open_dir(host, host->layerdb, chain);
    put(host, record, "cache-id", id);
    put(host, record, "size", "12345");
    snprintf(text, sizeof text, "sha256:%s", stack->diff[stack->count]);
    put(host, record, "diff", text);
    if (stack->count++) {
        snprintf(text, sizeof text, "sha256:%s", stack->chain);
        put(host, record, "parent", text);
    }
    memcpy(stack->chain, chain, sizeof chain);
    close(record);
}

static void make_stamp(char *out, size_t size, time_t when)
{
    struct tm tm;
    strftime(out, size, "%Y-%m-%dT%H:%M:%S.5Z", gmtime_r(&when, &tm));
}

/* imagedb/content/sha256/ID for the layers that are registered. */
static void register_image(struct host *host)
{
    struct stack *stack = &host->stack;
    char text[4096], stamp[32];
    FILE *out = fmemopen(text, sizeof text, "w");
    if (!out)
        err(1, "fmemopen");
    make_digest(host, stack->image);
    make_stamp(stamp, sizeof stamp, host->built);
    fprintf(out, "{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"%s\",\"config\":{},\"history\":[", stamp);
    for (unsigned i = 0; i < stack->count; i++)
        fprintf(out, "%s{\"created\":\"%s\",\"created_by\":\"RUN make layer-%u\"}", i ? "," : "", stamp, i);
    fprintf(out, "],\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[");
    for (unsigned i = 0; i < stack->count; i++)
        fprintf(out, "%s\"sha256:%s\"", i ? "," : "", stack->diff[i]);
    fprintf(out, "]}}");
    if (fclose(out))
        err(1, "fmemopen");
    put(host, host->images, stack->image, text);
    fprintf(host->repositories, "%s\"app-%u\":{\"app-%u:1\":\"sha256:%s\"}", host->names ? "," : "", host->names,
            host->names, stack->image);
    host->names++;
}

static void put_container(struct host *host, const char *id)
{
    char text[1024], stamp[32], log[ID + 16];
    int dir = open_dir(host, host->containers, id);
    make_stamp(stamp, sizeof stamp, host->built);
    snprintf(
        text, sizeof text,
        "{\"ID\":\"%s\",\"Name\":\"/service-%u\",\"Created\":\"%s\",\"Image\":\"sha256:%s\",\"Driver\":\"overlay2\","
        "\"State\":{\"Running\":true,\"StartedAt\":\"%s\",\"FinishedAt\":\"0001-01-01T00:00:00Z\"},"
        "\"Path\":\"node\",\"Args\":[\"server.js\"],\"Config\":{\"Image\":\"app-%u:1\"}}",
        id, host->names - 1, stamp, host->stack.image, stamp, host->names - 1);
    put(host, dir, "config.v2.json", text);
    put(host, dir, "hostconfig.json", "{\"LogConfig\":{\"Type\":\"json-file\"},\"NetworkMode\":\"default\"}");
    snprintf(log, sizeof log, "%s-json.log", id);
    snprintf(text, sizeof text, "{\"log\":\"ready\\n\",\"stream\":\"stdout\",\"time\":\"%s\"}\n", stamp);
    put(host, dir, log, text);
    close(dir);
}

/* The container of the image in `stack`; returns diff/ of its rw layer, which the caller closes. */
static int make_container(struct host *host, const char *rw)
{
    char id[ID + 1], init[ID + 6], parent[ID + 8];
    make_digest(host, id);
    snprintf(init, sizeof init, "%s-init", rw);
    snprintf(parent, sizeof parent, "sha256:%s", host->stack.chain);
    int record = open_dir(host, host->mounts, id);
    put(host, record, "mount-id", rw);
    put(host, record, "init-id", init);
    put(host, record, "parent", parent);
    close(record);
    put_container(host, id);
    int diff = make_layer_dir(host, init);
    put(host, diff, ".dockerenv", "");
    close(diff);
    return make_layer_dir(host, rw);
}

static void make_layer(struct host *host, long number, long stop, long wide)
{
    static void (*const KINDS[])(struct host *, int, long) = {put_node_modules, put_site_packages, put_debian,
                                                              put_application};
    char id[ID + 1];
    make_digest(host, id);
    host->built = FIRST_BUILD + number * DAY;
    bool writable = number % STACK == STACK - 1;
    if (number % STACK == 0)
        host->stack = (struct stack){0};
    if (writable)
        register_image(host);
    int diff = writable ? make_container(host, id) : make_layer_dir(host, id);
    if (!writable)
        register_layer(host, id);
    KINDS[number % (long)COUNT(KINDS)](host, diff, stop);
    if (wide)
        put_wide(host, diff, wide);
    close(diff);
}

static FILE *open_repositories(struct host *host, int docker)
{
    int dir = open_path(host, docker, "image/overlay2");
    int file = openat(dir, "repositories.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = file < 0 ? NULL : fdopen(file, "w");
    if (!out)
        err(1, "repositories.json");
    fputs("{\"Repositories\":{", out);
    close(dir);
    host->made++;
    return out;
}

int main(int argc, char **argv)
{
    long entries = argc > 2 ? atol(argv[2]) : 0, layers = argc > 3 ? atol(argv[3]) : 0;
    long wide = argc > 4 ? atol(argv[4]) : 0;
    if (argc < 4 || argc > 5 || entries < 1 || layers < 1 || wide < 0)
        errx(2, "usage: host ROOT ENTRIES LAYERS [WIDE]");
    umask(0);
    struct host host = {.random = 0x9e3779b97f4a7c15};
    int root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        err(1, "%s", argv[1]);
    int docker = open_path(&host, root, "var/lib/docker");
    host.layers = open_path(&host, docker, "overlay2");
    host.links = open_path(&host, docker, "overlay2/l");
    host.layerdb = open_path(&host, docker, "image/overlay2/layerdb/sha256");
    host.mounts = open_path(&host, docker, "image/overlay2/layerdb/mounts");
    host.images = open_path(&host, docker, "image/overlay2/imagedb/content/sha256");
    host.containers = open_path(&host, docker, "containers");
    host.repositories = open_repositories(&host, docker);
    for (long i = 0; i < layers; i++)
        make_layer(&host, i, entries / layers * (i + 1), i == layers - 1 ? wide : 0);
    fputs("}}", host.repositories);
    if (fclose(host.repositories))
        err(1, "repositories.json");
    printf("%ld\n", host.made);
    return 0;
}
