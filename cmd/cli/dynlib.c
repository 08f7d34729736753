/* SPDX-License-Identifier: MIT */
/* dynlib.c - libraries that few runs need. Command layer. */
#include "dynlib.h"

#include <dlfcn.h>
#include <string.h>

bool dynlib_open(const char *soname, const char *const *names, size_t n, void *pointers)
{
	void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < n; i++) {
		void *function = dlsym(library, names[i]);

		if (!function)
			return false;
		/* POSIX, but not C, lets a pointer to data hold one to a function */
		memcpy((char *)pointers + i * sizeof(function), &function, sizeof(function));
	}
	return library != NULL;
}
