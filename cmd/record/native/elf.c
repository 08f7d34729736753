/* SPDX-License-Identifier: MIT */
/*
 * elf.c - names from ELF symbols and DWARF, by libdw. Command layer, inside record
 * only.
 */
#include "cli/cli.h"
#include "cli/dynlib.h"
#include "elf.h"

#include <stddef.h>

#ifndef HAVE_DW

struct native_elf *native_elf_open(const char *path)
{
	(void)path;
	return NULL;
}

void native_elf_close(struct native_elf *elf)
{
	(void)elf;
}

struct native_location native_elf_find(struct native_elf *elf, uint64_t offset)
{
	(void)elf;
	(void)offset;
	return (struct native_location){ 0 };
}

#else

#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Code of one compilation unit. */
struct unit_range {
	GElf_Addr start, end;
	Dwarf_Die *unit;
	Dwarf_Addr bias; /* between the unit's addresses and libdwfl's, which start and end are */
};

struct native_elf {
	Dwfl_Callbacks callbacks;
	Dwfl *dwfl;
	Dwfl_Module *module;
	Elf *elf;
	GElf_Addr bias;         /* between the file's addresses and libdwfl's */
	char *plain;            /* the last name that was demangled, of this many bytes */
	size_t plain_size;
	struct unit_range *ranges; /* by start; only if has_ranges */
	size_t nranges;
	bool has_ranges;
};

/* What is used of libdw, and of libelf, which it depends on: dynlib.h. */
#define FUNCTIONS(F) \
	F(dwarf_attr_integrate) F(dwarf_formstring) F(dwarf_getscopes) F(dwarf_getsrc_die) \
	F(dwarf_lineno) F(dwarf_linesrc) F(dwarf_ranges) F(dwarf_tag) F(dwfl_begin) F(dwfl_end) \
	F(dwfl_module_addrdie) F(dwfl_module_addrname) F(dwfl_module_getelf) \
	F(dwfl_module_nextcu) F(dwfl_offline_section_address) F(dwfl_report_end) F(dwfl_report_offline) \
	F(dwfl_standard_find_debuginfo) F(elf_getphdrnum) F(gelf_getphdr)

static struct {
	FUNCTIONS(DYNLIB_POINTER)
} lib;
static const char *const names[] = { FUNCTIONS(DYNLIB_NAME) };

/* False: there is no libdw, which is reported once. */
static bool find_library(void)
{
	static bool looked, found;

	if (looked)
		return found;
	looked = true;
	found = dynlib_open("libdw.so.1", names, ARRAY_SIZE(names), &lib);
	if (!found)
		cmd_error(NULL, "libdw.so.1 cannot be loaded, so the program's functions have no "
				"names: install it");
	return found;
}

/* The program may have mapped anything: opening must not wait for a FIFO. */
static int open_regular(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool load(struct native_elf *e, const char *path, int fd)
{
	e->callbacks.find_debuginfo = lib.dwfl_standard_find_debuginfo;
	e->callbacks.section_address = lib.dwfl_offline_section_address;
	e->dwfl = lib.dwfl_begin(&e->callbacks);
	if (!e->dwfl)
		return false;
	/* if that succeeds, libdw closes the descriptor */
	e->module = lib.dwfl_report_offline(e->dwfl, "", path, fd);
	if (!e->module) {
		close(fd);
		return false;
	}
	if (lib.dwfl_report_end(e->dwfl, NULL, NULL) != 0)
		return false;
	e->elf = lib.dwfl_module_getelf(e->module, &e->bias);
	return e->elf != NULL;
}

struct native_elf *native_elf_open(const char *path)
{
	int fd = find_library() ? open_regular(path) : -1;
	struct native_elf *e = fd >= 0 ? calloc(1, sizeof(*e)) : NULL;

	if (!e) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (load(e, path, fd))
		return e;
	native_elf_close(e);
	return NULL;
}

void native_elf_close(struct native_elf *e)
{
	if (!e)
		return;
	if (e->dwfl)
		lib.dwfl_end(e->dwfl);
	free(e->ranges);
	free(e->plain);
	free(e);
}

/* The address of that byte of the file, as the file's headers have it. */
static bool address_of(const struct native_elf *e, uint64_t offset, GElf_Addr *address)
{
	size_t n = 0;

	if (lib.elf_getphdrnum(e->elf, &n) != 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr part;

		if (!lib.gelf_getphdr(e->elf, (int)i, &part) || part.p_type != PT_LOAD ||
		    offset < part.p_offset || offset - part.p_offset >= part.p_filesz)
			continue;
		*address = part.p_vaddr + (offset - part.p_offset);
		return true;
	}
	return false;
}

/* ---- compilation units */

static bool add_range(struct native_elf *e, const struct unit_range *range, size_t *room)
{
	struct unit_range *ranges = e->ranges;

	if (e->nranges == *room) {
		*room = *room ? 2 * *room : 64;
		ranges = reallocarray(ranges, *room, sizeof(*ranges));
		if (!ranges)
			return false;
		e->ranges = ranges;
	}
	ranges[e->nranges++] = *range;
	return true;
}

static int compare_ranges(const void *a, const void *b)
{
	GElf_Addr x = ((const struct unit_range *)a)->start;
	GElf_Addr y = ((const struct unit_range *)b)->start;

	return (x > y) - (x < y);
}

/* Out of memory: those that were found until then are all. */
static void find_ranges(struct native_elf *e)
{
	struct unit_range range = { 0 };
	Dwarf_Addr base, start, end;
	size_t room = 0;

	while ((range.unit = lib.dwfl_module_nextcu(e->module, range.unit, &range.bias))) {
		for (ptrdiff_t at = 0;
		     (at = lib.dwarf_ranges(range.unit, at, &base, &start, &end)) > 0;) {
			range.start = start + range.bias;
			range.end = end + range.bias;
			if (!add_range(e, &range, &room))
				break;
		}
	}
	if (e->nranges > 0)
		qsort(e->ranges, e->nranges, sizeof(*e->ranges), compare_ranges);
}

static const struct unit_range *range_at(struct native_elf *e, GElf_Addr address)
{
	size_t low = 0, high;

	if (!e->has_ranges) {
		e->has_ranges = true;
		find_ranges(e);
	}
	high = e->nranges;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (e->ranges[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && address < e->ranges[low - 1].end ? &e->ranges[low - 1] : NULL;
}

/*
 * NULL: there is no DWARF of it. libdw knows only the units that .debug_aranges lists, which
 * gcc writes, clang and rustc don't.
 */
static Dwarf_Die *unit_at(struct native_elf *e, GElf_Addr address, Dwarf_Addr *bias)
{
	Dwarf_Die *unit = lib.dwfl_module_addrdie(e->module, address, bias);
	const struct unit_range *range = unit ? NULL : range_at(e, address);

	if (range)
		*bias = range->bias;
	return range ? range->unit : unit;
}

/* ---- names */

/*
 * The C++ runtime demangles names. It is not linked, since any C++ program that is
 * recorded needs it too; without it, names stay as they are.
 */
typedef char *demangle_function(const char *name, char *buffer, size_t *size, int *status);

static demangle_function *find_demangler(void)
{
	static demangle_function *function;
	static bool looked;
	void *library, *found;

	if (looked)
		return function;
	looked = true;
	library = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
	found = library ? dlsym(library, "__cxa_demangle") : NULL;
	memcpy(&function, &found, sizeof(function));
	return function;
}

/* NULL: it is not a mangled name. */
static const char *demangle(struct native_elf *e, const char *name)
{
	demangle_function *function;
	int status = -1;
	char *plain;

	if (!name || strncmp(name, "_Z", 2) != 0)
		return NULL;
	function = find_demangler();
	plain = function ? function(name, e->plain, &e->plain_size, &status) : NULL;
	if (plain)
		e->plain = plain;
	return status == 0 ? plain : NULL;
}

static bool is_function(Dwarf_Die *die)
{
	int tag = lib.dwarf_tag(die);

	return tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine;
}

static const char *attribute_text(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;

	return lib.dwarf_formstring(lib.dwarf_attr_integrate(die, name, &attribute));
}

/* As its source calls it, in C++ with class and parameters. */
static const char *function_name(struct native_elf *e, Dwarf_Die *die)
{
	const char *name = demangle(e, attribute_text(die, DW_AT_linkage_name));

	return name ? name : attribute_text(die, DW_AT_name);
}

/* The function there, inlined or not; NULL: unknown. */
static const char *source_name(struct native_elf *e, Dwarf_Die *unit, Dwarf_Addr address)
{
	Dwarf_Die *scopes = NULL;
	int n = lib.dwarf_getscopes(unit, address, &scopes);
	const char *name = NULL;

	for (int i = 0; i < n && !name; i++) {
		if (is_function(&scopes[i]))
			name = function_name(e, &scopes[i]);
	}
	free(scopes);
	return name;
}

static void find_line(Dwarf_Die *unit, Dwarf_Addr address, struct native_location *place)
{
	Dwarf_Line *line = lib.dwarf_getsrc_die(unit, address);
	int number = 0;

	if (!line)
		return;
	place->file = lib.dwarf_linesrc(line, NULL, NULL);
	if (lib.dwarf_lineno(line, &number) == 0 && number > 0)
		place->line = (uint64_t)number;
}

/* The ELF symbol there; NULL: none. */
static const char *symbol_name(struct native_elf *e, GElf_Addr address)
{
	const char *name = lib.dwfl_module_addrname(e->module, address), *plain = demangle(e, name);

	return plain ? plain : name;
}

struct native_location native_elf_find(struct native_elf *e, uint64_t offset)
{
	struct native_location place = { 0 };
	GElf_Addr address;
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit;

	if (!address_of(e, offset, &address))
		return place;
	address += e->bias;
	unit = unit_at(e, address, &bias);
	if (unit) {
		place.func = source_name(e, unit, address - bias);
		find_line(unit, address - bias, &place);
	}
	if (!place.func)
		place.func = symbol_name(e, address);
	return place;
}

#endif
