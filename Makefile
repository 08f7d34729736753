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
PREFIX ?= /usr/local
PKG_CONFIG ?= pkg-config

version := $(shell sed -n 's/^\#define TT_VERSION_STRING "\(.*\)"/\1/p' lib/tracetool.h)
soname := libtracetool.so.0

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
ifneq ($(filter-out -O0,$(filter -O%,$(CFLAGS))),)
mode += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
mode_link := -Wl,-z,relro,-z,now
endif

# Asked of pkg-config when first used, not when this file is read: in
# `make deps check` it may not be installed before deps has run.
once = $(if $(filter undefined,$(origin $1_)),$(eval $1_ := $(shell $2)))$($1_)
packages := libarchive libzstd libmd
deps_cflags = $(call once,deps_cflags,$(PKG_CONFIG) --cflags $(packages) 2>/dev/null)
deps_libs = $(call once,deps_libs,$(PKG_CONFIG) --libs $(packages) 2>/dev/null || echo -larchive -lzstd -lmd)
check_cflags = $(call once,check_cflags,$(PKG_CONFIG) --cflags check 2>/dev/null)
check_libs = $(call once,check_libs,$(PKG_CONFIG) --libs check 2>/dev/null || echo -lcheck_pic -lrt -lm -lsubunit)

compile = $(CC) $(std) $(warn) $1 $(mode) -Ilib $(deps_cflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP
lib_compile = $(call compile,$(libwarn) -fPIC -fvisibility=hidden)
cmd_compile = $(call compile,-fPIE)
test_compile = $(call compile,-fPIE $(check_cflags))
link = $(CC) $(mode) $(CFLAGS) $(mode_link) $(LDFLAGS)

# --------------------------------------------------------------------- sources

lib_layers := base io spec wire gen order event
lib_src := $(sort $(foreach d,$(lib_layers),$(wildcard lib/$d/*.c)))
lib_obj := $(lib_src:%.c=$O/%.o) $(if $(wildcard lib/spec/embed.awk),$O/lib/spec/builtin.o)
cmd_src := $(sort $(wildcard cmd/*.c))
cmd_obj := $(cmd_src:%.c=$O/%.o)
test_obj := $(patsubst %.c,$O/%.o,$(sort $(wildcard lib/tests/*.c)))
fuzz_names := $(patsubst lib/fuzz/fuzz_%.c,%,$(sort $(wildcard lib/fuzz/fuzz_*.c)))
specs := specs/core.spec $(filter-out specs/core.spec,$(sort $(wildcard specs/*.spec)))

ifneq ($V,1)
q = @printf '  %-7s %s\n' '$(1)' '$@';
endif

all: tracetool $O/libtracetool.so
.PHONY: all clean FORCE

# ./tracetool is what the default build made; other O= keep to themselves.
tracetool: $O/tracetool
	$(if $(filter build,$O),$(call q,LN)ln -sf $< $@)

# What everything is built with; a change rebuilds all. In `make deps check` it is
# also what holds the compiler back until deps is done.
all_flags = $(lib_compile) $(cmd_compile) $(check_cflags) $(link) $(deps_libs) $(check_libs)
$O/flags: FORCE $(if $(filter deps,$(MAKECMDGOALS)),| deps)
	@mkdir -p $O
	@printf '%s\n' '$(subst ','\'',$(all_flags))' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# --------------------------------------------------------------------- library

$O/libtracetool.a: $(lib_obj)
	$(call q,AR)rm -f $@ && $(AR) rcs $@ $^

$O/libtracetool.so.$(version): $(lib_obj) lib/tracetool.map
	$(call q,LINK)$(link) -shared -Wl,-soname,$(soname) -Wl,--version-script=lib/tracetool.map \
		-Wl,--no-undefined -o $@ $(lib_obj) $(deps_libs)

$O/libtracetool.so: $O/libtracetool.so.$(version)
	@ln -sf $(<F) $O/$(soname) && ln -sf $(soname) $@

# Built-in specs travel inside the library as their text.
$O/lib/spec/builtin.c: $(specs) lib/spec/embed.awk
	@mkdir -p $(@D)
	$(call q,GEN)LC_ALL=C awk -f lib/spec/embed.awk $(specs) >$@

$O/lib/spec/builtin.o: $O/lib/spec/builtin.c $O/flags
	$(call q,CC)$(lib_compile) -c -o $@ $<

$O/lib/tests/%.o: lib/tests/%.c $O/flags
	@mkdir -p $(@D)
	$(call q,CC)$(test_compile) -c -o $@ $<

$O/lib/fuzz/%.o: lib/fuzz/%.c $O/flags
	@mkdir -p $(@D)
	$(call q,CC)$(cmd_compile) -c -o $@ $<

$O/lib/%.o: lib/%.c $O/flags
	@mkdir -p $(@D)
	$(call q,CC)$(lib_compile) -c -o $@ $<

# --------------------------------------------------------------------- program

$O/cmd/%.o: cmd/%.c $O/flags
	@mkdir -p $(@D)
	$(call q,CC)$(cmd_compile) -c -o $@ $<

$O/tracetool: $(cmd_obj) $O/libtracetool.a
	$(call q,LINK)$(link) -pie -o $@ $^ $(deps_libs)

# ----------------------------------------------------------------------- tests

$O/unit-tests: $(test_obj) $O/libtracetool.a
	$(call q,LINK)$(link) -pie -o $@ $^ $(check_libs) $(deps_libs)

# Some of the suites only: make check-unit SUITES='base wire'
check-unit: $O/unit-tests
	$O/unit-tests $(SUITES)
.PHONY: check-unit

clean:
	rm -rf $O tracetool

-include $(shell find $O -name '*.d' 2>/dev/null)
