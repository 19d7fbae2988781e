// SPDX-License-Identifier: Apache-2.0
/* Which block devices lie in which others, the kernel tells in /sys/dev/block/MAJOR:MINOR (linux
 * Documentation/ABI/stable/sysfs-block): a partition is a directory in that of its disk, `slaves` has the devices that
 * one is made of, and loop/backing_file names the file of a loop device. */
#include "run/unwritten.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { MOST_LAYERS = 8 };

/* Evidence that may be written through a block device. */
struct target {
    dev_t device;          /* the block device given; 0: it is a file, */
    ino_t ino;             /* this one, */
    dev_t on;              /* on this file system */
    struct lt_arena paths; /* for paths in /sys */
};

/* The number in a file such as "8:1\n"; 0: there is none. */
static dev_t read_number(const char *path)
{
    char text[32] = "", *end;
    FILE *file = fopen(path, "re");
    bool good = file && fgets(text, sizeof text, file);
    if (file)
        fclose(file);
    unsigned long major = strtoul(text, &end, 10);
    return good && *end == ':' ? makedev((unsigned)major, (unsigned)strtoul(end + 1, NULL, 10)) : 0;
}

static bool is_backed_by(const char *folder, struct target *target)
{
    char backing[PATH_MAX] = "";
    struct stat at;
    FILE *file = fopen(lt_str_format(&target->paths, "%s/loop/backing_file", folder).ptr, "re");
    if (file && fgets(backing, sizeof backing, file))
        backing[strcspn(backing, "\n")] = 0;
    if (file)
        fclose(file);
    return *backing && !target->device && stat(backing, &at) == 0 && at.st_ino == target->ino &&
           at.st_dev == target->on;
}

/* Does the block device lie in the target? */
static bool lies_in(dev_t device, struct target *target, unsigned layers) // NOLINT(misc-no-recursion)
{
    char folder[PATH_MAX];
    const char *link = lt_str_format(&target->paths, "/sys/dev/block/%u:%u", major(device), minor(device)).ptr;
    if (target->device && device == target->device)
        return true;
    if (!device || layers == MOST_LAYERS || !realpath(link, folder))
        return false;
    if (is_backed_by(folder, target))
        return true;
    struct lt_str disk = lt_path_join(&target->paths, lt_str_dirname(lt_str_c(folder)), LT_STR("dev"));
    if (lies_in(read_number(disk.ptr), target, layers + 1)) /* of which it is a partition */
        return true;
    struct lt_str slaves = lt_path_join(&target->paths, lt_str_c(folder), LT_STR("slaves"));
    DIR *dir = opendir(slaves.ptr);
    bool found = false;
    for (const struct dirent *entry; dir && !found && (entry = readdir(dir));)
        found = entry->d_name[0] != '.' &&
                lies_in(read_number(lt_str_format(&target->paths, "%s/%s/dev", slaves.ptr, entry->d_name).ptr), target,
                        layers + 1);
    if (dir)
        closedir(dir);
    return found;
}

/* Is the directory that `path` is in on a file system that is mounted from the file or device `evidence`? */
static bool is_mounted_from(const char *path, const char *evidence)
{
    struct stat at, given;
    const char *name;
    int folder = lt_open_parent(path, O_PATH, &name);
    bool known = folder >= 0 && fstat(folder, &at) == 0 && stat(evidence, &given) == 0 && !S_ISDIR(given.st_mode);
    if (folder >= 0)
        close(folder);
    if (!known)
        return false;
    struct target target = {S_ISBLK(given.st_mode) ? given.st_rdev : 0, given.st_ino, given.st_dev, {0}};
    bool lies = lies_in(at.st_dev, &target, 0);
    lt_arena_free(&target.paths);
    return lies;
}

static bool is_of(const struct lt_evidence *evidence, const char *path)
{
    if (lt_output_inside(path, evidence->spec) || is_mounted_from(path, evidence->spec))
        return true;
    lt_each (const struct lt_str, file, &evidence->files)
        if (lt_output_inside(path, file->ptr) || is_mounted_from(path, file->ptr))
            return true;
    return false;
}

bool lt_is_live(const struct lt_evidence *evidence)
{
    return lt_output_inside("/", evidence->spec);
}

bool lt_is_unwritten(const struct lt_job *job, const char *path)
{
    lt_each (const struct lt_evidence, evidence, &job->evidence)
        if (!lt_is_live(evidence) && is_of(evidence, path))
            return true;
    lt_each (const struct lt_root, root, &job->inventory.roots)
        if (lt_is_live(root->part->evidence) && lt_output_inside(path, root->path.ptr))
            return true;
    return false;
}
