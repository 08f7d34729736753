# SPDX-License-Identifier: MIT
# tracetool: `make help` lists the targets.
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

-include config.mak

O ?= build
CC ?= cc
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
PKG_CONFIG ?= pkg-config

std := -std=c11 -D_GNU_SOURCE
warn := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wundef -Wcast-qual -Wformat=2 \
	-Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wimplicit-fallthrough
libwarn := -Wconversion
ifeq ($(DEVELOPER),1)
warn += -Werror
endif
ifneq ($(SANITIZE),)
CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SANITIZE)
endif

deps_cflags := $(shell $(PKG_CONFIG) --cflags libarchive libzstd libmd 2>/dev/null)
deps_libs := $(shell $(PKG_CONFIG) --libs libarchive libzstd libmd 2>/dev/null || echo -larchive -lzstd -lmd)

lib_layers := base io spec wire gen order event
lib_src := $(sort $(foreach d,$(lib_layers),$(wildcard lib/$d/*.c)))
lib_obj := $(lib_src:%.c=$O/%.o) $O/lib/spec/builtin.o
cmd_src := $(sort $(wildcard cmd/*.c))
cmd_obj := $(cmd_src:%.c=$O/%.o)
specs := specs/core.spec $(filter-out specs/core.spec,$(sort $(wildcard specs/*.spec)))

ifneq ($V,1)
q = @printf '  %-7s %s\n' '$(1)' '$@';
endif

all: tracetool
.PHONY: all clean

tracetool: $O/tracetool
	$(q)ln -sf $< $@

$O/libtracetool.a: $(lib_obj)
	$(call q,AR)rm -f $@ && $(AR) rcs $@ $^

$O/tracetool: $(cmd_obj) $O/libtracetool.a
	$(call q,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(deps_libs)

# Built-in specs travel inside the library as their text.
$O/lib/spec/builtin.c: $(specs) lib/spec/embed.awk
	@mkdir -p $(@D)
	$(call q,GEN)LC_ALL=C awk -f lib/spec/embed.awk $(specs) >$@

$O/lib/spec/builtin.o: $O/lib/spec/builtin.c
	$(call q,CC)$(CC) $(std) $(warn) -fPIC -fvisibility=hidden -Ilib $(CFLAGS) -MMD -MP -c -o $@ $<

$O/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(call q,CC)$(CC) $(std) $(warn) $(libwarn) -fPIC -fvisibility=hidden -Ilib $(deps_cflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$O/cmd/%.o: cmd/%.c
	@mkdir -p $(@D)
	$(call q,CC)$(CC) $(std) $(warn) -fPIC -Ilib $(deps_cflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

clean:
	rm -rf $O tracetool

-include $(shell find $O -name '*.d' 2>/dev/null)
