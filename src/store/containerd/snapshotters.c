// SPDX-License-Identifier: Apache-2.0
/* The snapshotters (containerd plugins/snapshots/{overlay,native,btrfs,devmapper,blockfile,erofs,zfs}, 1.6 to 2.3, and
 * containerd/{fuse-overlayfs,stargz,nydus}-snapshotter). In all of them a directory has the number of its snapshot. */
#include "store/containerd/containerd.h"
#include "store/mechanics.h"

static const char *const in_snapshots[] = {"snapshots", NULL};
static const char *const in_btrfs[] = {"snapshots", "active", "view", NULL};
static const char *const nowhere[] = {NULL};

static const struct lt_snapshotter overlayfs = {
    .driver = {"overlayfs", "kernel overlay; a committed snapshot is an image layer or an init layer"},
    .mechanics = &lt_mechanics_overlay,
    .folders = in_snapshots,
    .content = "fs",
    .work = "work",
};

static const struct lt_snapshotter native = {
    .driver = {"native", "a full copy each snapshot"},
    .mechanics = &lt_mechanics_copies,
    .folders = in_snapshots,
};

static const struct lt_snapshotter btrfs = {
    .driver = {"btrfs", "a subvolume each snapshot"},
    .mechanics = &lt_mechanics_copies,
    .folders = in_btrfs,
};

static const struct lt_snapshotter fuse_overlayfs = {
    .driver = {"fuse-overlayfs", "fuse-overlayfs: whiteouts as for overlayfs, or files .wh.NAME"},
    .mechanics = &lt_mechanics_fuse_overlay,
    .folders = in_snapshots,
    .content = "fs",
    .work = "work",
};

/* An active snapshot has directories as for overlayfs. A committed one is an image of a file system. */
static const struct lt_snapshotter erofs = {
    .driver = {"erofs", "a file system image each image layer, of which no file is read; rw layers as for overlayfs"},
    .mechanics = &lt_mechanics_overlay,
    .folders = in_snapshots,
    .content = "fs",
    .work = "work",
    .elsewhere = "in EROFS images",
};

static const struct lt_snapshotter stargz = {
    .driver = {"stargz", "image layers fetched on demand, of which no file is here; rw layers as for overlayfs"},
    .mechanics = &lt_mechanics_overlay,
    .folders = in_snapshots,
    .content = "fs",
    .work = "work",
    .elsewhere = "in a registry, fetched on demand",
};

static const struct lt_snapshotter nydus = {
    .driver = {"nydus", "image layers fetched on demand, of which no file is here; rw layers as for overlayfs"},
    .mechanics = &lt_mechanics_overlay,
    .folders = in_snapshots,
    .content = "fs",
    .work = "work",
    .elsewhere = "in a registry, fetched on demand",
};

static const struct lt_snapshotter devmapper = {
    .driver = {"devmapper", "a thin device each snapshot, of which no file is read"},
    .mechanics = &lt_mechanics_copies,
    .folders = nowhere,
    .elsewhere = "on thin devices",
};

static const struct lt_snapshotter blockfile = {
    .driver = {"blockfile", "a file of blocks each snapshot, of which no file is read"},
    .mechanics = &lt_mechanics_copies,
    .folders = nowhere,
    .elsewhere = "in files of blocks",
};

static const struct lt_snapshotter zfs = {
    .driver = {"zfs", "a dataset each snapshot, of which no file is read"},
    .mechanics = &lt_mechanics_copies,
    .folders = nowhere,
    .elsewhere = "in zfs datasets",
};

static const struct lt_snapshotter unknown = {
    .driver = {NULL, NULL},
    .mechanics = &lt_mechanics_overlay,
    .folders = in_snapshots,
    .content = "fs",
    .work = "work",
    .elsewhere = "elsewhere",
};

const struct lt_snapshotter *const lt_snapshotters[] = {
    &overlayfs, &native, &btrfs, &fuse_overlayfs, &erofs, &stargz, &nydus, &devmapper, &blockfile, &zfs, &unknown, NULL,
};

const struct lt_snapshotter *lt_snapshotter_named(struct lt_str name)
{
    const struct lt_snapshotter *const *at = lt_snapshotters;
    while (at[1] && !lt_str_eq(name, lt_str_c((*at)->driver.name)))
        at++;
    return *at;
}
