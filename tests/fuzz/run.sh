#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh SECONDS NAME...: fuzz each target that long with libFuzzer, ASan and UBSan. Seeds: tests/fuzz/corpus/NAME; inputs
# that reach new code are kept in build/fuzz-corpus/NAME, findings in build/fuzz-findings/NAME. Exit 1 on any finding.
set -eu
cd "$(dirname "$0")/../.."

if [ $# -lt 2 ]; then
    echo "usage: $0 SECONDS NAME..." >&2
    exit 2
fi
seconds=$1
shift

build=build/fuzzer
sanitizers=address,undefined
# Without the zeroing of variables that a normal build has: a forgotten initialisation must show.
flags="-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,$sanitizers -fno-sanitize-recover=all"
status=0

# The Makefile knows which objects are out of date.
objects=
for source in $(find src formats -name "*.c" | sort); do
    if [ "$source" != src/main.c ]; then
        objects="$objects $build/${source%.c}.o"
    fi
done
targets=
for name in "$@"; do
    targets="$targets $build/tests/fuzz/$name.o"
done
# shellcheck disable=SC2086 # lists of words
${MAKE:-make} -s -j2 CC=clang BUILD=$build HARDENING=-fPIE CFLAGS="$flags" $objects $targets

for name in "$@"; do
    findings=build/fuzz-findings/$name
    corpus=build/fuzz-corpus/$name
    mkdir -p "$findings" "$corpus" $build/bin
    # shellcheck disable=SC2086,SC2046
    clang -fsanitize=fuzzer,$sanitizers -o "$build/bin/$name" "$build/tests/fuzz/$name.o" $objects \
        $(pkg-config --libs tsk jansson zlib) $(pkg-config --libs libcrypto 2>/dev/null || true) \
        $(pkg-config --libs libsystemd 2>/dev/null || true) $(pkg-config --libs libzstd 2>/dev/null || true) \
        $(pkg-config --libs liblzma 2>/dev/null || true) $(pkg-config --libs libseccomp 2>/dev/null || true)
    case $name in
    ext4image) longest=24576 ;; # whole file systems
    *) longest=8192 ;;
    esac
    echo "fuzz: $name, $seconds seconds"
    if "$build/bin/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=$longest -verbosity=0 \
        -print_final_stats=1 -artifact_prefix="$findings/" "$corpus" "tests/fuzz/corpus/$name" \
        >"$findings/log" 2>&1; then
        grep -E 'number_of_executed_units|average_exec_per_sec|peak_rss' "$findings/log" || true
    else
        cat "$findings/log"
        echo "fuzz: $name: a finding, kept in $findings" >&2
        status=1
    fi
done
exit $status
