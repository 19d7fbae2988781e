#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Install the Debian packages that are needed and missing: `demo` to build and run on the sample, `check` for the tests
# too, `bench` and `peers` for the tools that layertime is compared with.
set -eu

packages='gcc make pkg-config libtsk-dev libjansson-dev zlib1g-dev libssl-dev libsystemd-dev libzstd-dev zstd
    liblzma-dev xz-utils libseccomp-dev'
[ "${1:-}" = check ] && packages="$packages
       git clang clang-format clang-tidy libclang-rt-14-dev cppcheck shellcheck mandoc libcmocka-dev
       python3 python3-pytest python3-pytest-xdist sleuthkit e2fsprogs fdisk strace ewf-tools qemu-utils attr systemd-journal-remote
       containerd runc logrotate bzip2 lz4"
[ "${1:-}" = bench ] && packages="$packages python3 sleuthkit mac-robber e2fsprogs util-linux findutils"
[ "${1:-}" = peers ] && packages="$packages python3 zstd extundelete ext4magic testdisk sleuthkit e2fsprogs"

missing=''
for package in $packages; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = 'install ok installed' ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
as_root=''
[ "$(id -u)" -eq 0 ] || as_root=sudo
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
