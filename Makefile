# SPDX-License-Identifier: MIT
# One non-recursive Makefile for library, program and tests. It works as it
# stands; ./configure (made by autoconf) only writes config.mak. `make help` lists
# the targets.
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules

-include config.mak

O ?= build
ifeq ($(origin CC),default)
CC := cc
endif
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
FUZZ_CC ?= clang

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/site-functions

version := $(shell sed -n 's/^\#define TT_VERSION_STRING "\(.*\)"/\1/p' lib/tracetool.h)
soname := libtracetool.so.1

# ----------------------------------------------------------------------- flags

std := -std=c11 -D_GNU_SOURCE
warn := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wundef -Wcast-qual -Wformat=2 \
	-Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough
libwarn := -Wconversion
ifeq ($(DEVELOPER),1)
warn += -Werror
endif

# Hardened unless a sanitizer watches; glibc refuses to fortify without -O.
ifneq ($(SANITIZE),)
mode := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
mode_link := -fsanitize=$(SANITIZE)
else
mode := -fstack-protector-strong
shared_link := -Wl,--no-undefined
ifneq ($(filter-out -O0,$(filter -O%,$(CFLAGS))),)
mode += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
mode_link := -Wl,-z,relro,-z,now
endif

# Asked of pkg-config when first used, not when this file is read: in
# `make deps check` it may not be installed before deps has run.
once = $(if $(filter undefined,$(origin $1_)),$(eval $1_ := $(shell $2)))$($1_)
ask = $(call once,$1,$(PKG_CONFIG) --$2 $3 2>/dev/null || echo $4)
libs := libarchive libzstd zlib libmd
deps_cflags = $(or $(DEPS_CFLAGS),$(call ask,deps_cflags,cflags,$(libs)))
deps_libs = $(or $(DEPS_LIBS),$(call ask,deps_libs,libs,$(libs),-larchive -lzstd -lz -lmd))
# Only `record --url` needs it: without it the program says so. Of this and the next only
# headers are needed to build: the program opens them when it needs them (cmd/cli/dynlib.h).
WITH_CURL ?= $(call once,have_curl,$(PKG_CONFIG) --exists libcurl 2>/dev/null && echo yes || echo no)
curl_cflags = $(if $(filter yes,$(WITH_CURL)),-DHAVE_CURL $(call ask,curl_cflags_found,cflags,libcurl))
# Names for a native program's code: without it they are addresses.
WITH_DW ?= $(call once,have_dw,$(PKG_CONFIG) --exists libdw 2>/dev/null && echo yes || echo no)
dw_cflags = $(if $(filter yes,$(WITH_DW)),-DHAVE_DW $(call ask,dw_cflags_found,cflags,libdw))
check_cflags = $(call ask,check_cflags,cflags,check)
check_libs = $(call ask,check_libs,libs,check,-lcheck_pic -lrt -lm -lsubunit)

# Where words have 32 bits, places in files get 64, as configure scripts do it; and on
# i386 a double is a double, not what the x87 holds: times must come out as Go's do.
word_flags = $(call once,word,$(CC) -dM -E -x c /dev/null 2>/dev/null | awk \
	'$$2 == "__LP64__" { wide = 1 } $$2 == "__i386__" { x87 = 1 } \
	END { if (!wide) print "-D_FILE_OFFSET_BITS=64"; if (x87) print "-msse2 -mfpmath=sse" }')

compile = $(CC) $(std) $(word_flags) $(warn) $1 $(mode) -Ilib -I$O/lib $(deps_cflags) $(CPPFLAGS) $(CFLAGS)
# What only tests is not optimized, which takes a third of the time to compile. (Under
# sanitizers it is: it would run too slowly.)
ifeq ($(SANITIZE),)
quick := -O0 -U_FORTIFY_SOURCE
endif
lib_compile = $(call compile,$(libwarn) -fPIC -fvisibility=hidden)
cmd_compile = $(call compile,-Icmd -fPIE -pthread)
test_compile = $(call compile,-fPIE $(check_cflags)) $(quick)
# libarchive is not loaded with the program (lib/base/libarchive.h), only with the tests.
link = $(CC) $(mode) $(CFLAGS) $(mode_link) -Wl,--as-needed $(LDFLAGS)
preload_cflags := $(filter-out --coverage,$(CFLAGS))
preload_compile = $(CC) $(std) $(warn) -Ilib -I$O/lib -fPIC -fvisibility=hidden -ftls-model=initial-exec \
	-fexceptions -fno-builtin-malloc -fno-builtin-calloc -U_FORTIFY_SOURCE $(CPPFLAGS) $(preload_cflags)
preload_link = $(CC) -shared $(preload_cflags) -static-libgcc -Wl,-z,relro,-z,now,--no-undefined \
	-Wl,--exclude-libs,ALL,--gc-sections $(LDFLAGS)

# --------------------------------------------------------------------- sources

not_layers := lib/tests/ lib/fuzz/ lib/bench/
lib_src := $(sort $(foreach d,$(filter-out $(not_layers),$(wildcard lib/*/)),$(wildcard $d*.c)))
lib_obj := $(lib_src:%.c=$O/%.o) $O/lib/spec/builtin.o
cmd_src := $(sort $(wildcard cmd/*.c) $(foreach d,$(filter-out cmd/preload/ cmd/tests/,$(wildcard cmd/*/)), \
	$(wildcard $d*.c $d*/*.c)))
cmd_obj := $(cmd_src:%.c=$O/%.o)
test_obj := $(patsubst %.c,$O/%.o,$(sort $(wildcard lib/tests/*.c)))
fuzz_names := $(patsubst lib/fuzz/fuzz_%.c,%,$(sort $(wildcard lib/fuzz/fuzz_*.c)))
bench_names := $(patsubst lib/bench/%.c,%,$(sort $(wildcard lib/bench/*.c)))
fuzz_obj := $(patsubst %.c,$O/%.o,$(sort $(wildcard lib/fuzz/*.c)))
specs := specs/core.spec $(filter-out specs/core.spec,$(sort $(wildcard specs/*.spec)))
# What every object may include that is not in the tree.
generated := $O/lib/spec/types.h
public_headers := $(sort $(wildcard lib/*.h))
headers := $(public_headers) $(sort $(wildcard lib/*/*.h cmd/*.h cmd/*/*.h cmd/*/*/*.h))
manuals := $(sort $(wildcard man/*.[1-9]))

# What `record -- PROGRAM` loads into a program: with its own copy of the emitter, never
# with sanitizers, whose runtime the program does not have.
preload_libs := $O/libtracetool-record.so $O/libtracetool-heap.so
program := $O/tracetool $(preload_libs)
preload_lib_src := $(filter-out lib/base/libarchive.c,$(foreach d,base spec emit,$(sort $(wildcard lib/$d/*.c)))) \
	lib/wire/varint.c lib/wire/encode.c lib/gen/encode.c
preload_lib_obj := $(preload_lib_src:%.c=$O/preload/%.o) $O/preload/lib/spec/builtin.o
preload_obj := $(patsubst %,$O/preload/cmd/preload/%.o,preload stack wait syscalls locks threads exec stream)
# The destructor of init.o runs before those that are linked earlier.
preload_last := $O/preload/cmd/preload/init.o
preload_heap_obj := $(patsubst %,$O/preload/cmd/preload/%.o,heap heap_types)
preload_noheap_obj := $O/preload/cmd/preload/noheap.o
preload_all_obj := $(preload_lib_obj) $(preload_obj) $(preload_last) $(preload_heap_obj) \
	$(preload_noheap_obj)

ifneq ($V,1)
q = @printf '  %-7s %s\n' '$(1)' '$@';
endif

### build and install
## all              program and libraries (what a plain make does)
all: tracetool $O/libtracetool.a $O/libtracetool.so $(program)

# ./tracetool is what the default build made; other O= keep to themselves.
tracetool: $O/tracetool
	$(if $(filter build,$O),$(call q,LN)ln -sf $< $@)

# What everything is built with; a change rebuilds all, but not in a copy of $O
# (check-install). In `make deps check` it is also what holds the compiler back until
# deps is done.
all_flags = $(lib_compile) $(preload_compile) $(preload_link) $(cmd_compile) $(quick) $(curl_cflags) \
	$(dw_cflags) $(check_cflags) $(link) $(deps_libs) $(check_libs) $(if $(PGO),PGO=$(PGO))
$O/flags: $O/found/build FORCE
	$(call stamp,$(subst -I$O/,-I,$(all_flags)))

# Headers of what `make deps` installs, looked for once, before anything is compiled.
headers_of_build := archive.h zstd.h zlib.h sha2.h
headers_of_check := check.h
missing = $(strip $(foreach h,$(headers_of_$1), \
	$(shell echo '#include <$h>' | $(test_compile) -E -x c -o /dev/null - 2>/dev/null || echo $h)))
$O/found/build $O/found/check: $O/found/%:
	$(if $(call missing,$*),$(error not found: $(call missing,$*); run `make deps` to install them))
	@mkdir -p $(@D)
	@touch $@

# Where things will lie, for the file that has it compiled in.
$O/folders: FORCE
	$(call stamp,$(LIBDIR))

$O/cmd/record/native/program.o: $O/folders

# Which files there are: what is made of several is made anew when one goes.
$O/sources: FORCE
	$(call stamp,$(lib_obj) $(cmd_obj) $(test_obj) $(preload_all_obj))

$O/specs: FORCE
	$(call stamp,$(specs))

# Writes text to $@, and leaves that untouched if it says so already.
define stamp
@mkdir -p $O
@printf '%s\n' '$(subst ','\'',$1)' >$@.new
@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
endef

$O/libtracetool.a: $(lib_obj) $O/sources
	$(call q,AR)rm -f $@ && $(AR) rcs $@ $(lib_obj)

$O/libtracetool.so.$(version): $(lib_obj) $O/sources lib/tracetool.map
	$(call q,LINK)$(link) -shared $(shared_link) -Wl,-soname,$(soname) \
		-Wl,--version-script=lib/tracetool.map -o $@ $(lib_obj) $(deps_libs)

$O/libtracetool.so: $O/libtracetool.so.$(version)
	@ln -sf $(<F) $O/$(soname)
	@ln -sf $(soname) $@

$O/tracetool: $(cmd_obj) $O/libtracetool.a
	$(call q,LINK)$(link) -pie -pthread -o $@ $^ $(deps_libs) -ldl

$O/preload/libemit.a: $(preload_lib_obj) $O/sources
	$(call q,AR)rm -f $@ && $(AR) rcs $@ $(preload_lib_obj)

$O/libtracetool-record.so: $(preload_obj) $(preload_noheap_obj) $O/preload/libemit.a $(preload_last)
	$(call q,LINK)$(preload_link) -o $@ $^

$O/libtracetool-heap.so: $(preload_obj) $(preload_heap_obj) $O/preload/libemit.a $(preload_last)
	$(call q,LINK)$(preload_link) -o $@ $^

# A constant for each event, and the built-in specs, which travel inside the library as
# their text.
$O/lib/spec/types.h $O/lib/spec/builtin.c: $(specs) lib/spec/embed.awk $O/specs
	@mkdir -p $(@D)
	$(call q,GEN)LC_ALL=C awk -v part=$(@F) -f lib/spec/embed.awk $(specs) >$@

$(lib_obj) $(cmd_obj) $(test_obj) $(preload_all_obj) $(fuzz_obj) $(bench_names:%=$O/lib/bench/%.o): \
	| $(generated)

$O/lib/spec/builtin.o: $O/lib/spec/builtin.c $O/flags
	$(call q,CC)$(lib_compile) -MMD -MP -c -o $@ $<

$O/preload/lib/spec/builtin.o: $O/lib/spec/builtin.c $O/flags
	@mkdir -p $(@D)
	$(call q,CC)$(preload_compile) -MMD -MP -c -o $@ $<

$O/preload/%.o: %.c $O/flags
	@mkdir -p $(@D)
	$(call q,CC)$(preload_compile) -MMD -MP -c -o $@ $<

$O/lib/tests/%.o: lib/tests/%.c $O/flags | $O/found/check
	@mkdir -p $(@D)
	$(call q,CC)$(test_compile) -MMD -MP -c -o $@ $<

$O/lib/fuzz/%.o: lib/fuzz/%.c $O/flags
	@mkdir -p $(@D)
	$(call q,CC)$(cmd_compile) $(quick) -MMD -MP -c -o $@ $<

# Two neighbouring numbers that were written one by one, read back as one vector,
# stall the processor: state records are full of them.
$O/lib/order/%.o $O/lib/event/%.o: scalar := -fno-tree-slp-vectorize

# PGO=1: an instrumented build in a folder of its own is run over traces, and the counts
# of each object there go into the object of the same name here. Libraries that are loaded
# into other programs have none.
ifeq ($(PGO),1)
train := $O/train
is_clang = $(call once,clang,$(CC) --version | grep -c clang)
# (gcc reads the counts beside the object, and would know a static function by the
# object's name, which is another one in $(train))
pgo_ids = --param=profile-func-internal-id=1
pgo = $(if $(filter 0,$(is_clang)),-fprofile-use $(pgo_ids) -fprofile-partial-training \
	-Wno-missing-profile -Wno-maybe-uninitialized,-fprofile-use=$(train)/profdata)
pgo_train = $(if $(filter 0,$(is_clang)),-fprofile-generate $(pgo_ids) -fprofile-update=atomic,\
	-fprofile-generate=$(abspath $(train)))
$(lib_src:%.c=$O/%.o) $(cmd_obj): $(train)/trained
$(train)/trained: $(lib_src) $(cmd_src) $(headers) $(specs) cmd/tests/train cmd/tests/make-busy
	@[ ! -d $O ] || find $O -name '*.gcda' -delete -o -name '*.profraw' -delete
	+@$(MAKE) --no-print-directory PGO= O=$(train) CFLAGS='$(filter-out -g,$(CFLAGS)) $(pgo_train)' $(train)/tracetool
	cmd/tests/train $(train)
	$(if $(filter 0,$(is_clang)),cd $(train) && find . -name '*.gcda' -exec cp --parents {} .. \;,\
		llvm-profdata merge -o $(train)/profdata $(train)/*.profraw)
	@touch $@
# (its jumps are slower with them)
$O/lib/order/direct.o: pgo :=
endif

$O/lib/%.o: lib/%.c $O/flags
	@mkdir -p $(@D)
	$(call q,CC)$(lib_compile) $(scalar) $(pgo) -MMD -MP -c -o $@ $<

# What some files have beside the flags of all.
record/url_cflags = $(curl_cflags)
record/native/elf_cflags = $(dw_cflags)
record/native/program_cflags = -DPRELOAD_FOLDER='"$(LIBDIR)/tracetool"'

$O/cmd/%.o: cmd/%.c $O/flags
	@mkdir -p $(@D)
	$(call q,CC)$(cmd_compile) $($*_cflags) $(pgo) -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(lib_obj) $(cmd_obj) $(preload_all_obj) $(test_obj) $(fuzz_obj) \
	$(bench_names:%=$O/lib/bench/%.o))

## deps             install with apt what building and testing need
build_packages := gcc libc6-dev make pkg-config libarchive-dev libzstd-dev zlib1g-dev libmd-dev \
	libcurl4-openssl-dev libdw-dev
check_packages := g++ check mandoc jq zstd lz4 bzip2 xz-utils zip python3 \
	protobuf-compiler
ifneq ($(filter deps,$(MAKECMDGOALS)),)
$(filter-out deps,$(MAKECMDGOALS)) $O/flags $O/sources $O/specs $O/found/build $O/found/check: | deps
endif
deps:
	@.ci/deps $(build_packages) $(check_packages)

## deps-dev         as deps, and clang with its fuzzer, valgrind, autoconf
deps-dev:
	@.ci/deps $(build_packages) $(check_packages) \
		clang libclang-rt-dev clang-format clang-tidy cppcheck valgrind autoconf

## deps-portable    what check-portable needs: compilers, emulator, libraries
foreign_packages := libc6-dev libarchive-dev libzstd-dev zlib1g-dev libmd-dev \
	libcurl4-openssl-dev libdw-dev check libsubunit-dev
deps-portable:
	@.ci/deps $(build_packages) $(check_packages) clang musl-tools \
		lib32gcc-$$(gcc -dumpversion)-dev gcc-s390x-linux-gnu qemu-user
	@.ci/sysroot i386 $O/i386/root $(foreign_packages)
	@.ci/sysroot s390x $O/s390x/root $(foreign_packages)

## demo             dump, validate and extract a real trace, record a program
demo: all
	@PATH="$(abspath $O):$$PATH" cmd/tests/demo

## install          to DESTDIR and PREFIX (/usr/local)
# What it puts where, for uninstall.
installed = $(BINDIR)/tracetool $(public_headers:lib/%=$(INCLUDEDIR)/%) \
	$(addprefix $(LIBDIR)/,libtracetool.a libtracetool.so $(soname) libtracetool.so.$(version) \
		pkgconfig/tracetool.pc) $(preload_libs:$O/%=$(LIBDIR)/tracetool/%) \
	$(BASHCOMPDIR)/tracetool $(ZSHCOMPDIR)/_tracetool \
	$(foreach m,$(manuals),$(MANDIR)/man$(subst .,,$(suffix $m))/$(notdir $m))
install: all $O/tracetool.pc
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR) \
		$(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(ZSHCOMPDIR) \
		$(foreach s,$(sort $(subst .,,$(suffix $(manuals)))),$(DESTDIR)$(MANDIR)/man$s)
	install -m 755 $O/tracetool $(DESTDIR)$(BINDIR)
	install -m 644 $(public_headers) $(DESTDIR)$(INCLUDEDIR)
	install -m 644 $O/libtracetool.a $(DESTDIR)$(LIBDIR)
	install -m 755 $O/libtracetool.so.$(version) $(DESTDIR)$(LIBDIR)
	ln -sf libtracetool.so.$(version) $(DESTDIR)$(LIBDIR)/$(soname)
	ln -sf $(soname) $(DESTDIR)$(LIBDIR)/libtracetool.so
	install -d $(DESTDIR)$(LIBDIR)/tracetool
	install -m 755 $(preload_libs) $(DESTDIR)$(LIBDIR)/tracetool
	install -m 644 $O/tracetool.pc $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 644 cmd/completion/tracetool.bash $(DESTDIR)$(BASHCOMPDIR)/tracetool
	install -m 644 cmd/completion/_tracetool $(DESTDIR)$(ZSHCOMPDIR)
	$(foreach m,$(manuals),install -m 644 $m $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $m)) &&) :

## uninstall        remove what install put there
uninstall:
	rm -f $(addprefix $(DESTDIR),$(installed))
	@[ ! -d $(DESTDIR)$(LIBDIR)/tracetool ] || \
		rmdir --ignore-fail-on-non-empty $(DESTDIR)$(LIBDIR)/tracetool

# Made anew each time: the folders may be others than last time.
$O/tracetool.pc: lib/tracetool.pc.in $O/flags FORCE
	$(call q,GEN)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(version)|' \
		-e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%)|' \
		-e 's|@LIBS@|$(deps_libs)|' $< >$@

## dist             a source archive of the last commit, with configure
dist:
	@mkdir -p $O
	autom4te --language=autoconf --cache=$O/autom4te.cache -o $O/configure configure.ac
	git archive --prefix=tracetool-$(version)/ --add-file=$O/configure \
		-o $O/tracetool-$(version).tar.gz HEAD

## clean            remove what was built
clean:
	rm -rf $O $(if $(filter build,$O),tracetool)

## distclean        clean, and remove what autoconf and configure made
# (a source archive comes with configure, and keeps it)
distclean: clean
	rm -rf config.mak config.log config.status autom4te.cache configure~ \
		$(if $(wildcard .git),configure)

### test
## check            all tests of this group
checks := check-unit check-cli check-faults check-spec-c check-orders check-replay check-repair check-kept check-edit check-anonymize check-field check-manual check-readme \
	check-completion check-intervals check-pprof check-headers check-layers check-symbols check-install check-make
check:
	+@cmd/tests/sum $(MAKE) --no-print-directory -k $(checks)

## check-unit       Check suites; SUITES='base wire' for some of them,
##                  check-unit-base for one
# So that lib/tests/fault.c can make them fail; and lib/tests/main.c says where tests are.
wrapped := _mark_point malloc calloc realloc free read pread preadv2 mmap mremap madvise ftruncate open openat \
	write pthread_create pread64 preadv64v2 mmap64 ftruncate64 open64 openat64
$O/unit-tests: $(test_obj) $O/libtracetool.a
	$(call q,LINK)$(link) -pie $(wrapped:%=-Wl,--wrap=%) -o $@ $^ $(check_libs) $(deps_libs)

# Each suite and each file of golden tests is a target, so that make runs several at once.
# $1: patterns, $2: names. A pattern that matches nothing is an error, not a test less.
chosen = $(foreach p,$1,$(if $(filter $p,$2),,$(error no test '$p' among: $2)))$(filter $1,$2)
# $1: names, $2: those that take longest, which begin first.
long_first = $(filter $2,$1) $(filter-out $2,$1)

# RUN is what runs programs for another machine: an emulator.
suites := $(shell sed -n 's/^TT_SUITE(\(.*\))/\1/p' lib/tests/suites.h)
unit_targets := $(suites:%=check-unit-%)
check-unit: $(patsubst %,check-unit-%,$(call long_first,$(call chosen,$(or $(SUITES),%),$(suites)),\
	scenario direct unpack writer))
$(unit_targets): check-unit-%: $O/unit-tests
	@$(RUN) $O/unit-tests $*

## check-cli        golden tests of the program; CASES='stat dump-%' for some,
##                  check-cli-stat for one; LEAKS=4: under sanitizers, each 4th
##                  command looks for leaks
cases := $(patsubst cmd/tests/cases/%.case,%,$(sort $(wildcard cmd/tests/cases/*.case)))
chosen_cases = $(call long_first,$(call chosen,$(or $(CASES),%),$(cases)),record inputs stat)
cli_targets := $(cases:%=check-cli-%)
check-cli: $(patsubst %,check-cli-%,$(chosen_cases))
$(cli_targets): check-cli-%: $O/tracetool
	@LEAKS=$(LEAKS) cmd/tests/run $O $*
# (these record native programs)
$(patsubst %,check-cli-%,record record-native): $(preload_libs)

# As if it were a program of this machine.
$O/emulated/tracetool: $O/tracetool FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '#!/bin/sh' 'exec $(RUN) $(abspath $<) "$$@"' >$@
	@chmod +x $@

## update-golden    rewrite the golden tests to what the program prints now
update-golden: $(program)
	cmd/tests/run --update $O $(chosen_cases)

## check-spec-c     C made by `spec c` compiles, and reads what it writes
check-spec-c: $O/tracetool $O/libtracetool.a
	@LINK='$(link)' LIBS='$(deps_libs)' cmd/tests/check-spec-c $O

## check-orders     random traces that obey random specs or break a rule
check-orders: $O/tracetool
	@cmd/tests/check-orders $O

## check-replay     fuzz targets on their corpora, without a fuzzer;
##                  FUZZ='wire order' for some
FUZZ ?= $(fuzz_names)
$(fuzz_names:%=$O/replay_%): $O/replay_%: $O/lib/fuzz/fuzz_%.o $O/lib/fuzz/standalone.o $O/libtracetool.a
	$(call q,LINK)$(link) -pie -pthread -o $@ $(filter %.o,$^) $(filter %.a,$^) $(deps_libs) -ldl

# (what it reads is read by the program, not by the library)
$O/replay_stat $O/fuzz_stat: $(filter-out $O/cmd/main.o,$(cmd_obj))

check-replay: $(FUZZ:%=$O/replay_%)
	@RUN='$(RUN)' lib/fuzz/replay $O $(FUZZ)

## check-repair     repairs cut and damaged traces, and reads what comes out
check-repair: $O/tracetool
	PATH="$(abspath $O):$$PATH" cmd/tests/check-repair --step 67 --cut-anywhere 10 -n 40 \
		testdata/go1.26-annotations.trace testdata/go1.23-annotations-allocfree.trace.zst \
		testdata/go1.27-iter-pull.trace.zst

## check-edit       cuts traces smaller, divides and joins them, and compares
##                  what they show; EDIT_TRACES=..., WINDOWS=40, SELECTIONS=20,
##                  SEED=2 for more, GO_REFERENCE=DIR: also Go's reader
WINDOWS ?= 4
SELECTIONS ?= 4
EDIT_TRACES ?= testdata/go1.26-annotations.trace testdata/go1.22-annotations.trace.zst \
	testdata/go1.23-annotations-allocfree.trace.zst testdata/go1.27-iter-pull.trace.zst \
	testdata/go1.26-many-start-stop-allocfree.trace.zst $(wildcard testdata/v1/*.trace.zst)
edit_specs := timerexp pollexp lockexp
$O/embedded.trace: cmd/tests/make-embedded $O/tracetool
	cmd/tests/make-embedded 6 | $O/tracetool assemble -o $@ -

check-edit: $O/tracetool $O/embedded.trace
	PATH="$(abspath $O):$$PATH" cmd/tests/check-edit -w $(WINDOWS) -s $(SELECTIONS) \
		$(if $(SEED),--seed $(SEED)) $(if $(GO_REFERENCE),--go '$(GO_REFERENCE)') $(EDIT_TRACES) $O/embedded.trace
	PATH="$(abspath $O):$$PATH" cmd/tests/check-edit -w $(WINDOWS) -s $(SELECTIONS) \
		$(if $(SEED),--seed $(SEED)) $(edit_specs:%=--spec=testdata/%.spec) \
		$(edit_specs:%=testdata/experiments/%.trace.zst)

## check-anonymize  gives traces new names, and looks for the old ones;
##                  ANONYMIZE_TRACES=..., DAMAGED=100, SEED=2 for more,
##                  GO_REFERENCE=DIR: also Go's reader
DAMAGED ?= 3
ANONYMIZE_TRACES ?= testdata/go1.26-annotations.trace testdata/go1.23-annotations-allocfree.trace.zst \
	testdata/problems/leak.trace.zst testdata/v1/go1.21-annotations.trace.zst
check-anonymize: $O/tracetool
	PATH="$(abspath $O):$$PATH" cmd/tests/check-anonymize -n $(DAMAGED) $(if $(SEED),--seed $(SEED)) \
		$(if $(GO_REFERENCE),--go '$(GO_REFERENCE)') $(ANONYMIZE_TRACES)

## check-kept       damages traces in ways of which the truth is known, and holds
##                  what repair keeps and says against it; KEPT=100, KEPT_SEED=1,
##                  KEPT_TRACES=... for more, GO_REFERENCE=DIR: also Go's reader
KEPT ?= 5
KEPT_SEED ?= 6
kept := cmd/tests/check-kept -n $(KEPT) --seed $(KEPT_SEED) $(if $(GO_REFERENCE),--go '$(GO_REFERENCE)')
kept_traces := go1.26-annotations.trace go1.22-annotations.trace.zst go1.27-iter-pull.trace.zst
KEPT_TRACES ?= $(kept_traces:%=testdata/%)
$O/generations.trace: $O/tracetool cmd/tests/make-generations
	cmd/tests/make-generations 4 | $O/tracetool assemble -o $@ -
check-kept: $O/tracetool $O/generations.trace
	PATH="$(abspath $O):$$PATH" $(kept) --all-cuts 97 $(KEPT_TRACES)
	PATH="$(abspath $O):$$PATH" $(kept) --kinds gens,cut,kill,hole,batches,delete,insert,junk \
		$O/generations.trace testdata/go1.23-annotations-allocfree.trace.zst

## check-field      traces in other bytes, as people's files have them; N=2000,
##                  SEED=2 for more, GO_REFERENCE=DIR: also Go's reader
N ?= 12
field_traces := go1.26-annotations.trace go1.22-annotations.trace.zst go1.27-iter-pull.trace.zst \
	go1.23-annotations-allocfree.trace.zst go1.26-many-start-stop-allocfree.trace.zst \
	v1/go1.19-annotations.trace.zst v1/go1.21-annotations.trace.zst
check-field: $O/tracetool
	PATH="$(abspath $O):$$PATH" cmd/tests/check-field -n $(N) $(if $(SEED),--seed $(SEED)) \
		$(if $(GO_REFERENCE),--go '$(GO_REFERENCE)') --work $O/check-field $(field_traces:%=testdata/%)

## check-faults     commands while memory, disk or threads fail; FAULTS=0: each
##                  call, not 3 of a kind
FAULTS ?= 3
$O/faults.so: cmd/tests/faults.c $O/flags
	$(call q,LINK)$(CC) $(std) $(warn) $(libwarn) -fPIC -shared $(CPPFLAGS) $(preload_cflags) -o $@ $<

# A program to be recorded: never with sanitizers, as the library.
$O/native: cmd/tests/native.c $O/flags
	$(call q,LINK)$(CC) $(std) -O1 -g -pthread -o $@ $<

check-faults: $(program) $O/faults.so $O/native
	cmd/tests/check-faults -n $(FAULTS) $O

## check-manual     man pages: well-formed, their examples run, --help agrees
check-manual: $(program)
	cmd/tests/check-manual $O

## check-readme     the README's commands print what it shows
check-readme: $(program)
	cmd/tests/check-readme $O

## check-completion completions know every verb and option
check-completion: $(program)
	cmd/tests/check-completion $O

## check-intervals  stat against a slow program that reads the events of dump
check-intervals: $O/tracetool
	@PATH="$(abspath $O):$$PATH" cmd/tests/check-intervals $(sort $(wildcard testdata/*.trace testdata/*.trace.zst \
		testdata/v1/*.trace.zst testdata/problems/*.trace.zst))

## check-pprof      profiles of export against protoc; GO=PROGRAM: `go tool
##                  pprof` opens them, too
check-pprof: $O/tracetool
	@PATH="$(abspath $O):$$PATH" cmd/tests/check-pprof $(if $(GO),--go-tool '$(GO)') \
		$(sort $(wildcard testdata/*.trace testdata/*.trace.zst testdata/v1/*.trace.zst))

## check-headers    each header compiles alone, public ones as C++17 too
check-headers: $O/flags $(generated)
	@CC='$(compile) -Icmd' CXX='$(CXX) -std=c++17 -Wall -Wextra -Werror -Ilib' \
		lib/tests/check-headers '$(public_headers)' $(headers) $(generated)

## check-symbols    the library exports what its map and headers say
check-symbols: $O/libtracetool.so
	lib/tests/check-symbols $<

## check-layers     no folder uses one above, no circles, a name means one
##                  thing, folders list their files; ONLY=lib/order, V=1
# Reads the symbols of the objects, and what the sources include and define.
check-layers: $(lib_obj) $(cmd_obj) $(preload_all_obj)
	@CC='$(CC)' lib/tests/check-layers $(if $(V),-v) $(if $(ONLY),--only '$(ONLY)') $O
	@$(if $(ONLY),,CC='$(CC)' lib/tests/check-layers --self-test)

## check-install    a client from the manual builds against an installed tree
check-install: all
	@MAKE='$(MAKE)' CC='$(CC)' CXX='$(CXX)' PKG_CONFIG='$(PKG_CONFIG)' lib/tests/check-install $O

## check-make       help, distclean, dist, configure, packages that are missing
check-make:
	@MAKE='$(MAKE)' CC='$(CC)' cmd/tests/check-make

### more tests, which take minutes or need files from outside
# Of the suites these two run the ones with threads and with memory of processes that are
# gone; symbolize and emit_fault take too long under valgrind, and the address sanitizer
# watches them.
## check-threads    the emitter's suites under the thread sanitizer
check-threads:
	+@$(MAKE) --no-print-directory O=$O/threads SANITIZE=thread check-unit \
		SUITES='emit emit_recover record'

## check-valgrind   recovery and record under valgrind
valgrind := valgrind -q --error-exitcode=9 --num-callers=20
check-valgrind: $O/unit-tests $(program) $O/native
	CK_FORK=no CK_DEFAULT_TIMEOUT=600 $(valgrind) $O/unit-tests emit_recover
	$(valgrind) --child-silent-after-fork=yes $O/tracetool record -q --heap -o $O/valgrind.trace \
		-- $O/native heap 2 50
	$O/tracetool validate -q $O/valgrind.trace
	@rm $O/valgrind.trace

# These need packages that deps-portable installs. Each builds with warnings as errors,
# and leaves nothing out unsaid.
## check-portable   all of check-clang, check-musl, check-32 and check-big-endian
portable := check-clang check-musl check-32 check-big-endian
check-portable:
	+@cmd/tests/sum $(MAKE) --no-print-directory -k $(portable)

portable_make := $(MAKE) --no-print-directory DEVELOPER=1

## check-clang      suites, golden tests and fuzz corpora, built by clang
check-clang:
	+@$(portable_make) O=$O/clang CC=clang check-unit check-cli check-replay

## check-musl       all compiles with musl; what links runs
# Debian has none of our libraries for musl: no libarchive, zstd, zlib, libmd, curl, libdw
# and no Check. Their headers are enough to compile every file of lib/ and cmd/ but the
# recorder (cmd/preload), which stands in for functions of glibc. To run, each function
# of an absent library is at address 0, so that what reaches for one crashes. Run are
# the program, on traces that are not compressed, and the fuzz targets' corpora but `source`
# (archives), `record` (zstd) and `anonymize` (libmd).
musl_headers := archive.h archive_entry.h zstd.h zstd_errors.h zlib.h zconf.h sha2.h curl \
	elfutils dwarf.h libelf.h gelf.h linux asm asm-generic
musl_make = $(portable_make) CC='musl-gcc -isystem $(abspath $O)/musl/include' PKG_CONFIG=false \
	curl_libs= dw_libs= DEPS_LIBS='-static -no-pie -Wl,--unresolved-symbols=ignore-in-object-files'
check-musl: $O/tracetool
	@mkdir -p $O/musl/include
	@for h in $(musl_headers); do \
		ln -sfn "$$(ls -d /usr/include/$$h /usr/include/$$(gcc -print-multiarch)/$$h 2>/dev/null | \
			head -n 1)" $O/musl/include/$$h; done
	+@$(musl_make) O=$O/musl/bare WITH_CURL=no WITH_DW=no cmd-objects
	+@$(musl_make) O=$O/musl WITH_CURL=yes WITH_DW=yes cmd-objects $O/musl/tracetool
	+@$(musl_make) O=$O/musl WITH_CURL=yes WITH_DW=yes check-replay \
		FUZZ='$(filter-out anonymize archive record source,$(fuzz_names))'
	cmd/tests/check-same $< $O/musl/tracetool $(sort $(wildcard testdata/*.trace testdata/*.trace.zst))
	@echo 'With musl: not run for want of libraries: the Check suites, fuzz_archive,' \
		'fuzz_record, fuzz_source, what is compressed or an archive; not built: cmd/preload'

cmd-objects: $(cmd_obj)

# $1: Debian's architecture, $2: its folder of libraries, $3: compiler, $4: emulator.
foreign_make = PKG_CONFIG_SYSROOT_DIR=$(foreign_root) \
	PKG_CONFIG_LIBDIR=$(foreign_root)/usr/lib/$2/pkgconfig:$(foreign_root)/usr/share/pkgconfig \
	$(portable_make) O=$O/$1 CC='$3 --sysroot=$(foreign_root)' DEPS_CFLAGS= DEPS_LIBS= \
	WITH_CURL=yes WITH_DW=yes RUN='$4 -L $(foreign_root) \
	-E LD_LIBRARY_PATH=$(foreign_root)/usr/lib/$2:$(foreign_root)/lib/$2' \
	SUITES='$(filter-out $(unemulated),$(suites))'
foreign_root = $(abspath $O/$1/root)
# A few tests of these fail or hang under an emulator: those that look at their own process
# (its mappings, a program it becomes) and, for i386, signal_handlers_may_emit.
unemulated := emit emit_recover emit_fault
has_root = @test -e $O/$1/root/packages || { echo 'make deps-portable first' >&2; exit 2; }
foreign_end = @echo 'Under an emulator: not run are the suites $(unemulated) and recording'

## check-32         suites as a 32-bit program, under an emulator, and what
##                  the program prints
check-32: $O/tracetool
	$(call has_root,i386)
	+@$(call foreign_make,i386,i386-linux-gnu,gcc -m32 -Wno-psabi,qemu-i386) \
		all check-unit check-replay $O/i386/emulated/tracetool
	cmd/tests/check-same $< $O/i386/emulated/tracetool testdata/go1.26-annotations.trace
	$(foreign_end)

## check-big-endian the same for s390x
check-big-endian: $O/tracetool
	$(call has_root,s390x)
	+@$(call foreign_make,s390x,s390x-linux-gnu,s390x-linux-gnu-gcc,qemu-s390x) \
		AR=s390x-linux-gnu-ar all check-unit check-replay $O/s390x/emulated/tracetool
	cmd/tests/check-same $< $O/s390x/emulated/tracetool testdata/go1.26-annotations.trace
	$(foreign_end)

## check-corpus     CORPUS=DIR: real traces against what Go's reader said of them
check-corpus: $O/tracetool
	@test -n '$(CORPUS)' || { echo 'make check-corpus CORPUS=DIR' >&2; exit 2; }
	PATH="$(abspath $O):$$PATH" cmd/tests/check-corpus '$(CORPUS)'
	PATH="$(abspath $O):$$PATH" cmd/tests/check-heap \
		$(filter-out %-crashed.trace.zst,$(wildcard $(CORPUS)/*-allocfree*.trace.zst))

## check-stat       GO_REFERENCE=DIR: stat --go against Go's summarizer, trace by
##                  trace; CORPUS=DIR, TRACES=...: more of them
check-stat: $O/tracetool
	@test -n '$(GO_REFERENCE)' || { echo 'make check-stat GO_REFERENCE=DIR [CORPUS=DIR] [TRACES=...]' >&2; exit 2; }
	PATH="$(abspath $O):$$PATH" cmd/tests/check-stat --work $O/check-stat '$(GO_REFERENCE)' \
		testdata testdata/v1 $(if $(CORPUS),'$(CORPUS)' $(wildcard $(CORPUS)/v1)) $(TRACES)

## check-merge      stat --merge of parts of traces against one run; CORPUS=DIR,
##                  TRACES=...: more traces
check-merge: $O/tracetool
	PATH="$(abspath $O):$$PATH" cmd/tests/check-merge $(if $(SEED),--seed $(SEED)) testdata testdata/problems \
		$(if $(CORPUS),'$(CORPUS)' $(wildcard $(CORPUS)/v1)) $(TRACES)

## check-profiles   GO_REFERENCE=DIR: export --go against Go's profiles;
##                  CORPUS=DIR, TRACES=...: more traces
check-profiles: $O/tracetool
	@test -n '$(GO_REFERENCE)' || { echo 'make check-profiles GO_REFERENCE=DIR [CORPUS=DIR] [TRACES=...]' >&2; exit 2; }
	PATH="$(abspath $O):$$PATH" cmd/tests/check-profiles --work $O/check-profiles '$(GO_REFERENCE)' \
		testdata testdata/v1 $(if $(CORPUS),'$(CORPUS)' $(wildcard $(CORPUS)/v1)) $(TRACES)

## check-go         GO_REFERENCE=DIR: damaged and new traces against Go's reader
MUTANTS ?= 2000
CUTS ?= 400
SEED ?= 1
check-go: $O/tracetool
	@test -n '$(GO_REFERENCE)' || { echo 'make check-go GO_REFERENCE=DIR [CORPUS=DIR]' >&2; exit 2; }
	PATH="$(abspath $O):$$PATH" cmd/tests/check-go -n $(MUTANTS) --seed $(SEED) --work $O/check-go \
		$(if $(CORPUS),--corpus '$(CORPUS)') '$(GO_REFERENCE)'
	PATH="$(abspath $O):$$PATH" cmd/tests/check-repair --cut-anywhere $(CUTS) -n $(CUTS) \
		--go '$(GO_REFERENCE)' --work $O/check-repair $(wildcard testdata/*.trace.zst testdata/*.trace)

## check-experiments GO_REFERENCE=DIR: damaged traces of experiments against a Go
##                  that has them (testdata/README); TRACES=...: more of them
check-experiments: $O/tracetool
	@test -n '$(GO_REFERENCE)' || { echo 'make check-experiments GO_REFERENCE=DIR [TRACES=...]' >&2; exit 2; }
	PATH="$(abspath $O):$$PATH" cmd/tests/check-experiments -n $(MUTANTS) --seed $(SEED) \
		--work $O/check-experiments $(patsubst %,--spec testdata/%.spec,timerexp lockexp pollexp) \
		'$(GO_REFERENCE)' $(wildcard testdata/experiments/*.zst) $(TRACES)

### speed, fuzzing, analysis
## bench            speed and memory; CORPUS=DIR: real traces,
##                  GO_REFERENCE=DIR: ratios
$(bench_names:%=$O/bench_%): $O/bench_%: $O/lib/bench/%.o $O/libtracetool.a
	$(call q,LINK)$(link) -pie -o $@ $^ $(deps_libs)

bench: $(program) $(bench_names:%=$O/bench_%)
	@PATH="$(abspath $O):$$PATH" cmd/tests/bench $(if $(CORPUS),--corpus '$(CORPUS)') \
		$(if $(GO_REFERENCE),--go '$(GO_REFERENCE)') $O $(TRACES)
	@$O/bench_emit
	@$O/bench_emit 'malloc and free'
	@$O/tracetool record -q --heap -o $O/bench.trace -- $O/bench_emit 'malloc and free, recorded with --heap'
	@rm $O/bench.trace

## bench-scale      how cost grows with what is in a trace; MOST=10000000,
##                  GO_REFERENCE=DIR
MOST ?= 1000000
bench-scale: $O/tracetool $O/bench_hostile $O/bench_measure
	@cmd/tests/bench-scale $(if $(GO_REFERENCE),--go '$(GO_REFERENCE)') --most $(MOST) $O

## fuzz             libFuzzer programs (needs clang)
fuzz_build := $O/libfuzzer
fuzz:
	+@$(MAKE) --no-print-directory O=$(fuzz_build) CC='$(FUZZ_CC)' \
		SANITIZE=address,undefined,fuzzer-no-link $(fuzz_names:%=$(fuzz_build)/fuzz_%)

$(fuzz_names:%=$O/fuzz_%): $O/fuzz_%: $O/lib/fuzz/fuzz_%.o $O/libtracetool.a
	$(call q,LINK)$(link) -fsanitize=fuzzer -pie -pthread -o $@ $(filter %.o,$^) $(filter %.a,$^) $(deps_libs) -ldl

## fuzz-run         each fuzz target for SECONDS=10; FUZZ='wire order' for some,
##                  SEED=1 to repeat a run, FUZZ_JOBS=4: so many at once
SECONDS ?= 10
SEED ?= 0
FUZZ_JOBS ?= 1
fuzz-run: fuzz
	@lib/fuzz/run -j $(FUZZ_JOBS) $(fuzz_build) $(SECONDS) $(SEED) $(FUZZ)

## coverage         what check-unit and check-cli reach, per file; fails below
##                  the goals; V=1: lines, too
# Counters that threads share would lose counts, and then lines seem not to be run.
coverage_flags := -O0 -g --coverage -fprofile-update=atomic -DTT_COVERAGE
coverage:
	@[ ! -d $O/coverage ] || find $O/coverage -name '*.gcda' -delete
	+$(MAKE) O=$O/coverage CFLAGS='$(coverage_flags)' check-unit check-cli
	cmd/tests/coverage $(if $(V),-v) --lines 95 --branches 85 --known lib/tests/uncovered $O/coverage

## fuzz-coverage    what the fuzz corpora reach of lib/, with all that fuzz-run
##                  has found
fuzz-coverage:
	@[ ! -d $O/fuzz-coverage ] || find $O/fuzz-coverage -name '*.gcda' -delete
	+@$(MAKE) --no-print-directory O=$O/fuzz-coverage CFLAGS='$(coverage_flags)' \
		$(fuzz_names:%=$O/fuzz-coverage/replay_%)
	@for t in $(fuzz_names); do \
		found=$(fuzz_build)/corpus/$$t; [ -d $$found ] || found=; \
		echo "$$t: $$($O/fuzz-coverage/replay_$$t lib/fuzz/corpus/$$t $$found)" || exit; \
	done
	cmd/tests/coverage $(if $(V),-v) --only lib $O/fuzz-coverage

## analyze          static analysis by gcc, clang, clang-tidy and cppcheck
analyze: $(generated)
	@lib/tests/analyze '$(std) -Ilib -I$O/lib -Icmd -DHAVE_CURL -DHAVE_DW -DPRELOAD_FOLDER="" $(deps_cflags)' $(lib_src) $(cmd_src)

## format-check     what clang-format would change
format-check:
	@for f in $(headers) $(sort $(wildcard lib/*/*.c) $(cmd_src)); do \
		clang-format $$f | diff -u --label $$f --label formatted $$f -; done

### variables
## O=build          folder for what is built
## V=1              show the commands
## DEVELOPER=1      warnings are errors
## SANITIZE=LIST    build with sanitizers, as in address,undefined
## PGO=1            profile-guided: builds twice, the second time with what a
##                  run over the traces of testdata shows; for packages
## CC CFLAGS CPPFLAGS LDFLAGS PREFIX DESTDIR
##                  as usual

# Lines that begin with ## as they are, and headings, which begin with ###.
help:
	@echo 'usage: make [TARGET...] [VARIABLE=VALUE...]'
	@sed -n -e 's/^### \(.*\)/\n\1:/p' -e 's/^## /  /p' Makefile

.PHONY: all deps deps-dev deps-portable check-portable $(portable) cmd-objects demo install uninstall \
	dist clean distclean check check-threads check-valgrind $(checks) $(unit_targets) $(cli_targets) update-golden \
	check-corpus check-stat check-merge check-profiles check-go check-experiments bench bench-scale fuzz fuzz-run coverage fuzz-coverage analyze format-check help FORCE
