# SPDX-License-Identifier: Apache-2.0
"""The settings of ASan, UBSan and LSan for a run, and what they found in it. They are the oracle for memory errors."""
import os
import re

# A finding of a sanitizer ends the program with a code that it never uses itself.
SANITIZERS = {
    "ASAN_OPTIONS": "exitcode=99:abort_on_error=0:allocator_may_return_null=0",
    "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1:halt_on_error=1",
    "LSAN_OPTIONS": "exitcode=99",
}
FINDING = re.compile(rb"ERROR: (Address|Leak|Undefined)\w*Sanitizer|^SUMMARY: \w+Sanitizer|: runtime error: ", re.M)


def environment(**changes: str) -> dict[str, str]:
    """The environment of a run: ours, with the sanitizers' settings and `changes`."""
    return os.environ | SANITIZERS | changes


def check_sanitizers(code: int, stderr: bytes) -> None:
    """Fail the test when a sanitizer had something to say."""
    assert code != 99 and not FINDING.search(stderr), stderr.decode(errors="replace")


def traced_environment() -> dict[str, str]:
    """The environment of a run under strace, where LeakSanitizer does not work."""
    return environment(ASAN_OPTIONS=SANITIZERS["ASAN_OPTIONS"] + ":detect_leaks=0")
