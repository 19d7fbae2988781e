#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lint and the tests beside each other, and the files of tests on as many processes as there are cores. The last line is that of the
# tests. PYTHON runs them.
set -u
cd "$(dirname "$0")/.." || exit 1
mkdir -p build

tests/lint/run.sh >build/lint.log 2>&1 &
lint=$!
{
    "${PYTHON:-/usr/bin/python3}" -m pytest -q -n auto --dist loadfile tests
    echo $? >build/test.status
} | tee build/test.log
wait "$lint"
failed=$?
cat build/lint.log
tail -n 1 build/test.log
[ "$failed" -eq 0 ] && [ "$(cat build/test.status)" -eq 0 ]
