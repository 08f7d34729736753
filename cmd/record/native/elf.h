/* SPDX-License-Identifier: MIT */
/*
 * elf.h - names from one ELF file, by libdw if the build has it. Command layer, inside
 * record only.
 */
#ifndef CMD_RECORD_NATIVE_ELF_H
#define CMD_RECORD_NATIVE_ELF_H

#include <stdbool.h>
#include <stdint.h>

struct native_elf;

/* NULL: it cannot be opened, or is no ELF file, or there is no libdw. */
struct native_elf *native_elf_open(const char *path);
void native_elf_close(struct native_elf *elf);

struct native_location {
	const char *func;       /* NULL: not known */
	const char *file;       /* the same */
	uint64_t line;
};
/*
 * What is at this offset of the file. The file's name lives as long as the elf, that of
 * the function until the next call.
 */
struct native_location native_elf_find(struct native_elf *elf, uint64_t offset);

#endif
