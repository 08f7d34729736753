/* SPDX-License-Identifier: MIT */
/* libarchive.c - libarchive, loaded when the first archive is opened. Base layer. */
#include "base/libarchive.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#define SONAME "libarchive.so.13"

struct tt_la tt_la;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool ready;              /* guarded by the lock */

#define NAME(function) #function,
static const char *const names[] = {TT_LA_FUNCTIONS(NAME)};

static bool find_all(void *library)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		void *function = dlsym(library, names[i]);

		if (function == NULL)
			return false;
		/* POSIX has pointers to functions and to objects alike, C does not */
		memcpy((char *)&tt_la + i * sizeof(function), &function, sizeof(function));
	}
	return true;
}

static int load(struct tt_error *err)
{
	void *library;

	errno = 0;
	library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);
	ready = library != NULL && find_all(library);
	if (ready)
		return TT_OK;
	if (library == NULL && errno == ENOMEM)
		return tt_fail(err, TT_E_MEMORY, "no memory to load %s", SONAME);
	return tt_fail(err, TT_E_IO, "%s cannot be loaded, which archives and compressed data need: "
		       "install libarchive", SONAME);
}

int tt_la_need(struct tt_error *err)
{
	int rc;

	pthread_mutex_lock(&lock);
	rc = ready ? TT_OK : load(err);
	pthread_mutex_unlock(&lock);
	return rc;
}
