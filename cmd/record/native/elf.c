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

struct native_elf {
	Dwfl_Callbacks callbacks;
	Dwfl *dwfl;
	Dwfl_Module *module;
	Elf *elf;
	GElf_Addr bias;         /* between the file's addresses and libdwfl's */
	char *plain;            /* the last name that was demangled, of this many bytes */
	size_t plain_size;
};

/* What is used of libdw, and of libelf, which it depends on: dynlib.h. */
#define FUNCTIONS(F) \
	F(dwarf_attr_integrate) F(dwarf_formstring) F(dwarf_getscopes) F(dwarf_tag) \
	F(dwfl_begin) F(dwfl_end) F(dwfl_lineinfo) F(dwfl_module_addrdie) \
	F(dwfl_module_addrname) F(dwfl_module_getelf) F(dwfl_module_getsrc) \
	F(dwfl_offline_section_address) F(dwfl_report_end) F(dwfl_report_offline) \
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

/* The function there, inlined or not; NULL: there is no DWARF. */
static const char *source_name(struct native_elf *e, GElf_Addr address)
{
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = lib.dwfl_module_addrdie(e->module, address, &bias), *scopes = NULL;
	int n = unit ? lib.dwarf_getscopes(unit, address - bias, &scopes) : 0;
	const char *name = NULL;

	for (int i = 0; i < n && !name; i++) {
		if (is_function(&scopes[i]))
			name = function_name(e, &scopes[i]);
	}
	free(scopes);
	return name;
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
	Dwfl_Line *line;
	int number = 0;

	if (!address_of(e, offset, &address))
		return place;
	address += e->bias;
	place.func = source_name(e, address);
	if (!place.func)
		place.func = symbol_name(e, address);
	line = lib.dwfl_module_getsrc(e->module, address);
	if (line)
		place.file = lib.dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
	place.line = number > 0 ? (uint64_t)number : 0;
	return place;
}

#endif
