/* SPDX-License-Identifier: MIT */
/*
 * real.c - the functions that ours stand in front of. Stands on preload.h.
 */
#include "preload.h"

#include <dlfcn.h>
#include <string.h>

void preload_find(const char *name, void *slot)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found != NULL)
		memcpy(slot, &found, sizeof(found));
}

void preload_find_version(const char *name, const char *version, void *slot)
{
	void *found = dlvsym(RTLD_NEXT, name, version);

	if (found != NULL)
		memcpy(slot, &found, sizeof(found));
	else
		preload_find(name, slot);
}
