/* SPDX-License-Identifier: MIT */
/*
 * dynlib.h - libraries that few runs need, opened when one does: finding libcurl and all
 * that it stands on would take longer than reading a small trace. Command layer.
 *
 *	#define FUNCTIONS(F) F(one_function) F(another)
 *	static struct { FUNCTIONS(LATE_POINTER) } lib;
 *	static const char *const names[] = { FUNCTIONS(LATE_NAME) };
 *
 *	if (late_open("libthat.so.1", names, sizeof(names) / sizeof(names[0]), &lib))
 *		lib.one_function();
 */
#ifndef CMD_CLI_DYNLIB_H
#define CMD_CLI_DYNLIB_H

#include <stdbool.h>
#include <stddef.h>

#define LATE_POINTER(function) __typeof__(function) *function;
#define LATE_NAME(function) #function,

/*
 * Finds n functions and fills the struct of as many pointers. False: the library is not
 * there, or lacks one. It stays open for good.
 */
bool late_open(const char *soname, const char *const *names, size_t n, void *pointers);

#endif
