/* SPDX-License-Identifier: MIT */
/*
 * dynlib.h - libraries that few runs need, opened when one does: finding libcurl and all
 * that it depends on would take longer than reading a small trace. Command layer.
 *
 *	#define FUNCTIONS(F) F(one_function) F(another)
 *	static struct { FUNCTIONS(DYNLIB_POINTER) } lib;
 *	static const char *const names[] = { FUNCTIONS(DYNLIB_NAME) };
 *
 *	if (dynlib_open("libthat.so.1", names, ARRAY_SIZE(names), &lib))
 *		lib.one_function();
 */
#ifndef CMD_CLI_DYNLIB_H
#define CMD_CLI_DYNLIB_H

#include <stdbool.h>
#include <stddef.h>

#define DYNLIB_POINTER(function) __typeof__(function) *function;
#define DYNLIB_NAME(function) #function,

/*
 * Finds n functions and fills the struct of as many pointers. False: the library is not
 * there, or lacks one of them. It is never closed.
 */
bool dynlib_open(const char *soname, const char *const *names, size_t n, void *pointers);

#endif
