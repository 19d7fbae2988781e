#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# evidence.sh HOST DIR ENTRIES: make what `make bench` measures, where DIR does not hold it yet. HOST is the program
# built from host.c. Run it in a mount namespace of its own, as bench.py does: what it mounts then goes when it ends.
#
#   host.img      a Docker host with ENTRIES names          quarter.img   the same with a quarter of them
#   pruned.img    host.img after the content of every       wide.img      a small one with 200,000 names
#                 4th layer was deleted                                   in one directory
#
# Beside each is IMAGE.entries, the number of entries that were made (of pruned.img: that are left).
set -eu

host=$(realpath "$1")
dir=$2
entries=$3
here=$(dirname "$0")

# Images of another recipe are made anew.
mkdir -p "$dir/mnt"
recipe=$(cat "$here/host.c" "$here/records.py" "$here/evidence.sh" | cksum)
if [ "$(cat "$dir/recipe" 2>/dev/null)" != "$recipe" ]; then
    rm -f "$dir"/*.img "$dir"/*.entries
    echo "$recipe" >"$dir/recipe"
fi

# make_host NAME ENTRIES [WIDE]
make_host() {
    [ ! -f "$dir/$1.img" ] || return 0
    names=$(($2 + ${3:-0}))
    images=$(($2 >= 50000 ? $2 / 25000 : 1))
    echo "making $dir/$1.img with $names entries" >&2
    rm -f "$dir/$1.part"
    truncate -s "$((names * 6 / 1024 + 256))M" "$dir/$1.part"
    # The inode tables are real zeros on the disk, and the kernel writes none of them later.
    mkfs.ext4 -q -F -L docker-host -N "$((names + names / 7 + 4096))" -I 256 \
        -E lazy_itable_init=0,lazy_journal_init=0,nodiscard "$dir/$1.part"
    mount -o loop,noatime "$dir/$1.part" "$dir/mnt"
    "$host" "$dir/mnt" "$2" "$((images * 5))" "${3:-0}" >"$dir/$1.entries"
    "$here/records.py" "$dir/mnt"
    umount "$dir/mnt"
    mv "$dir/$1.part" "$dir/$1.img"
}

# The layers themselves stay, or the evidence would be damaged: only what was in them goes, and from the records of
# their tars, as in a prune of their image.
prune() {
    [ ! -f "$dir/pruned.img" ] || return 0
    echo "making $dir/pruned.img" >&2
    cp --sparse=always "$dir/host.img" "$dir/pruned.part"
    mount -o loop,noatime "$dir/pruned.part" "$dir/mnt"
    number=0
    for layer in "$dir"/mnt/var/lib/docker/overlay2/*/diff; do
        [ "$((number % 4))" -ne 0 ] || find "$layer" -mindepth 1 -delete
        number=$((number + 1))
    done
    "$here/records.py" "$dir/mnt"
    find "$dir/mnt" -xdev | wc -l >"$dir/pruned.entries"
    umount "$dir/mnt"
    mv "$dir/pruned.part" "$dir/pruned.img"
}

make_host host "$entries"
make_host quarter "$((entries / 4))"
make_host wide 1000 200000
prune
sync
