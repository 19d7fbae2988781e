# SPDX-License-Identifier: Apache-2.0
# make            build ./layertime
# make demo       install what is missing, build, and run the main job on the sample evidence
# make check      install what is missing, build, and run every test
# make golden     compare with the reviewed outputs in golden/ (CASE=name: one; UPDATE=1: take what is written)
# make lint       formatter, static analysis, and the project's own rules
# make fuzz       every fuzz target for 30 seconds, as many at once as there are processors (T='name...', SECONDS_EACH=n,
#                 JOBS=n, FUZZ_CORPUS=folder for the inputs that it keeps)
# make bench      time layertime beside find, mac-robber, fls and mactime; as root (ENTRIES=n, ROUNDS=n, COLD=1)
# make peers      recovery beside extundelete, ext4magic, debugfs, photorec and tsk_recover, on the evidence of tests
# make bench-recovery   recovery beside reading the free blocks with dd; as root (SIZE=MiB, ROUNDS=n, COLD=1)
# make install    with PREFIX= and DESTDIR=

PREFIX ?= /usr/local
CFLAGS ?= -O2 -g -flto=auto -ffat-lto-objects
PYTHON ?= /usr/bin/python3
SECONDS_EACH ?= 30
JOBS ?= $(shell nproc)
FUZZ_CORPUS ?= build/fuzz-corpus
BUILD ?= build
PROGRAM ?= layertime

SOURCES := $(sort $(shell find src formats -name '*.c'))
LIBRARY := $(filter-out src/main.c,$(SOURCES))
UNITS   := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
TOOLS   := $(patsubst tests/tools/%.c,%,$(wildcard tests/tools/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c)))

# Optional: libcrypto, for SHA-256; libsystemd, for files of systemd's journal; libzstd and liblzma, for what is packed with
# zstd and xz; libseccomp, which filters the calls of the kernel that the sandbox leaves.
CRYPTO := $(shell pkg-config --exists libcrypto 2>/dev/null && echo libcrypto)
SYSTEMD := $(shell pkg-config --exists 'libsystemd >= 230' 2>/dev/null && echo libsystemd)
ZSTD := $(shell pkg-config --exists libzstd 2>/dev/null && echo libzstd)
LZMA := $(shell pkg-config --exists liblzma 2>/dev/null && echo liblzma)
SECCOMP := $(shell pkg-config --exists 'libseccomp >= 2.5' 2>/dev/null && echo libseccomp)
PACKAGES := tsk jansson zlib $(CRYPTO) $(SYSTEMD) $(ZSTD) $(LZMA) $(SECCOMP)
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef \
            -Wwrite-strings -Wcast-qual -Wformat=2 -Wimplicit-fallthrough
LANGUAGE := -std=gnu17 -Isrc -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(if $(CRYPTO),-DWITH_CRYPTO) \
            $(if $(SYSTEMD),-DWITH_SYSTEMD) $(if $(ZSTD),-DWITH_ZSTD) $(if $(LZMA),-DWITH_LZMA) \
            $(if $(SECCOMP),-DWITH_SECCOMP)
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
HARDENING += $(if $(findstring -fsanitize,$(CFLAGS)),,-D_FORTIFY_SOURCE=2)
# clang 14 has this only as an experiment.
HARDENING += $(shell $(CC) -ftrivial-auto-var-init=zero -E -x c /dev/null >/dev/null 2>&1 && echo -ftrivial-auto-var-init=zero)
CFLAGS_ALL = $(LANGUAGE) $(WARNINGS) $(HARDENING) $(CPPFLAGS) $(CFLAGS) -MMD -MP
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS = $(shell pkg-config --libs $(PACKAGES)) -pthread
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -Werror

.PHONY: all always demo check test golden unit lint fuzz torture bench peers bench-recovery install uninstall clean dependencies sanitized units fuzzers tools fmt \
        print-flags
all: $(PROGRAM)

$(PROGRAM): $(SOURCES:%.c=$(BUILD)/%.o)
	$(CC) $(CFLAGS) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# Holds the flags. What was built with others is built again: a library may have been installed since.
$(BUILD)/flags: always
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL)' | cmp -s - $@ || echo '$(CC) $(CFLAGS_ALL)' >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c -o $@ $<

# For a test: no place is known at which a store lies by default.
$(BUILD)/no-places.o: src/read/discover.c $(BUILD)/flags
	$(CC) $(CFLAGS_ALL) -DLT_NO_PLACES -c -o $@ $<

$(BUILD)/layertime-no-places: $(filter-out %/read/discover.o,$(SOURCES:%.c=$(BUILD)/%.o)) $(BUILD)/no-places.o
	$(CC) $(CFLAGS) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# Prerequisites with $$ are expanded when their rule is used.
.SECONDEXPANSION:

# Unit tests link everything but main.c with cmocka.
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(LIBRARY:%.c=$(BUILD)/%.o)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) -lcmocka

# Those of mutators (see below) link one, too.
$(BUILD)/unit/mutate_%: $(BUILD)/tests/unit/mutate_%.o $$(call mutator,$$*) $(LIBRARY:%.c=$(BUILD)/%.o)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) -lcmocka

# Tools of the end-to-end tests. One seals images, as a mutator does.
$(BUILD)/ext4seal: $(BUILD)/tests/fuzz/mutate/ext4image_parts.o $(BUILD)/tests/fuzz/mutate/ext4image_seal.o
$(BUILD)/%: $(BUILD)/tests/tools/%.o $(LIBRARY:%.c=$(BUILD)/%.o)
	$(CC) $(CFLAGS) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# A fuzz target, its mutator if it has one, and the driver that replays its corpus. Without FUZZ_DRIVER it is left to
# libFuzzer.
FUZZ_DRIVER = $(BUILD)/tests/fuzz/replay.o
mutator = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/fuzz/mutate/$1.c tests/fuzz/mutate/$1_*.c)))
# libFuzzer is to follow the program, and not the mutator.
MUTATOR_CFLAGS := $(CFLAGS)
$(BUILD)/tests/fuzz/mutate/%.o: override CFLAGS = $(MUTATOR_CFLAGS)

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $$(call mutator,$$*) $$(FUZZ_DRIVER) $(LIBRARY:%.c=$(BUILD)/%.o)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

units: $(UNITS:%=$(BUILD)/unit/%)
fuzzers: $(FUZZERS:%=$(BUILD)/fuzz/%)
tools: $(TOOLS:%=$(BUILD)/%)

# The same four with ASan, UBSan and LSan, in a build directory of their own.
sanitized:
	+$(MAKE) BUILD=build/san PROGRAM=build/san/layertime CFLAGS='$(SANITIZE)' build/san/layertime \
	  build/san/layertime-no-places units fuzzers tools

dependencies:
	@contrib/dependencies.sh check

demo:
	@contrib/dependencies.sh demo
	+$(MAKE) --no-print-directory all
	tests/demo.sh

check: dependencies
	+$(MAKE) --no-print-directory all sanitized
	PYTHON=$(PYTHON) tests/check.sh

test:
	$(PYTHON) -m pytest -q tests

# With UPDATE=1 a CASE must be named: each difference is to be read by a person.
golden:
	$(if $(UPDATE),$(if $(CASE),,$(error UPDATE=1 goes with CASE=name)))$(PYTHON) golden/run.py $(if $(UPDATE),--update) $(CASE)

lint:
	tests/lint/run.sh

# For the tools that tests/lint/run.sh calls.
print-flags:
	@echo '$(LANGUAGE) $(WARNINGS)'

fmt:
	clang-format -i $$(git ls-files '*.c' '*.h')

# libFuzzer, from the seeds in tests/fuzz/corpus; findings are kept in build/fuzz-findings.
fuzz:
	JOBS='$(JOBS)' FUZZ_CORPUS='$(FUZZ_CORPUS)' $(PYTHON) tests/fuzz/run.py '$(SECONDS_EACH)' $(if $(T),$(T),$(FUZZERS))

# Damage by chance, judged by machine. SEED draws it; SHARE is how large it is, 1 for 21,700 runs. LAYERTIME: another program, such as
# that with sanitizers.
torture: all
	LAYERTIME="$${LAYERTIME:-./$(PROGRAM)}" PYTHONPATH=tests $(PYTHON) -m lib.torture

# What bench.py calls: the maker of the evidence, and the stop-watch.
$(BUILD)/bench/%: contrib/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $<

# The evidence is kept in BENCH_DIR, by default $TMPDIR/layertime-bench; bench.py tells of the other settings.
bench:
	@contrib/dependencies.sh bench || echo 'not all could be installed: what is missing is left out'
	+$(MAKE) --no-print-directory all $(BUILD)/bench/host $(BUILD)/bench/measure
	BENCH_TOOLS='$(BUILD)/bench' LAYERTIME='./$(PROGRAM)' $(PYTHON) contrib/bench/bench.py

peers: all
	@contrib/dependencies.sh peers || echo 'not all could be installed: what is missing is left out'
	LAYERTIME='./$(PROGRAM)' $(PYTHON) contrib/bench/peers.py

bench-recovery: all $(BUILD)/bench/host $(BUILD)/bench/measure
	BENCH_TOOLS='$(BUILD)/bench' LAYERTIME='./$(PROGRAM)' $(PYTHON) contrib/bench/recovery.py

install: $(PROGRAM)
	install -D -m 755 $(PROGRAM) '$(DESTDIR)$(PREFIX)/bin/layertime'
	install -D -m 644 src/layertime.1 '$(DESTDIR)$(PREFIX)/share/man/man1/layertime.1'
	install -D -m 644 formats/layertime-formats.5 '$(DESTDIR)$(PREFIX)/share/man/man5/layertime-formats.5'

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/layertime' '$(DESTDIR)$(PREFIX)/share/man/man1/layertime.1' \
	      '$(DESTDIR)$(PREFIX)/share/man/man5/layertime-formats.5'

clean:
	rm -rf build layertime out

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
