#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job on the sample evidence: the disk of a real Docker host, as an image, into all formats.
set -eu
cd "$(dirname "$0")/.."

mkdir -p out
disk=out/docker-host.raw
[ -f "$disk" ] || zstd -q -d tests/sample/overlay2-ext4/disk.clean.raw.zst -o "$disk"

for file in timeline.txt timeline.jsonl timeline.csv timeline.body; do
    ./layertime "$disk" -o "out/$file" --force --errors out/errors.jsonl
done
./layertime --list-sources "$disk"
wc -l out/timeline.*

echo
echo "out/timeline.txt, what the container 'yarrow' did to its files, from its start on:"
./layertime "$disk" -c yarrow --role rw,config --since 2026-11-23T17:45:36Z | head -n 12
