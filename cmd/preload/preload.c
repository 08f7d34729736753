/* SPDX-License-Identifier: MIT */
/*
 * preload.c - what the other files stand on: what a thread has of its own, and the functions
 * that ours stand in for. Stands on preload.h.
 */
#include "preload.h"

#include <dlfcn.h>
#include <string.h>

TLS struct preload_self preload_self;

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
