#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Formatter, warnings of both compilers, static analysis, shell and manual pages, and the project's own rules (rules.py).
# Each step prints one line; the script fails at its end if any step did.
set -u
cd "$(dirname "$0")/../.." || exit 1

flags=$(make -s print-flags)
export flags
sources=$(git ls-files --cached --others --exclude-standard 'src/*.c' 'formats/*.c')
c_files=$(git ls-files --cached --others --exclude-standard '*.c' '*.h')
scripts=$(git ls-files --cached --others --exclude-standard '*.sh' .ci/run)
failures=0

step() {
    name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $name"
    else
        failures=$((failures + 1))
        printf 'FAILED  %s\n%s\n' "$name" "$output"
    fi
}

# shellcheck disable=SC2086 # lists are meant to be split
compile() {
    for file in $sources; do
        $1 $flags -Werror $2 -fsyntax-only "$file" || return 1
    done
}

# shellcheck disable=SC2086,SC2016 # the inner shell expands $flags
tidy() {
    printf '%s\n' $sources | xargs -P 2 -n 4 sh -c 'clang-tidy-14 --quiet "$@" -- $flags 2>/dev/null' sh
}

# shellcheck disable=SC2086
{
    step 'clang-format' clang-format-14 --dry-run -Werror $c_files
    step 'gcc warnings' compile gcc '-Wlogical-op -Wduplicated-cond -Wduplicated-branches'
    step 'clang warnings' compile clang-14 ''
    step 'clang-tidy' tidy
    step 'cppcheck' cppcheck --quiet -Isrc -I. --std=c11 --error-exitcode=1 --inline-suppr -D_GNU_SOURCE \
        --enable=warning,performance,portability --suppress=missingIncludeSystem src formats
    step 'shellcheck' shellcheck $scripts
    step 'mandoc' mandoc -Tlint -Wwarning src/layertime.1 formats/layertime-formats.5
    step 'rules' /usr/bin/python3 tests/lint/rules.py
}
[ "$failures" -eq 0 ]
