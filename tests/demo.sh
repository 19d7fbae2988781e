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

for file in timeline.txt timeline.jsonl timeline.csv timeline.body; do
    printf '\nout/%s:\n' "$file"
    head -n 3 "out/$file" | cut -c 1-160
done

printf '\nWhat the privileged container "nickel" did (-c nickel --role rw,config --since ... --until ...):\n'
./layertime "$disk" -c nickel --role rw,config --since 2026-11-23T17:45:55Z --until 2026-11-23T17:46:30Z \
    | grep -E 'Action|/opt/' | cut -c 1-200
