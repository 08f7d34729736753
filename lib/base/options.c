/* SPDX-License-Identifier: MIT */
/* options.c - struct tt_options as a caller of any size fills it in. Base layer. */
#include "base/options.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"

/* No version of this library has larger options. */
#define MAX_SIZE 4096
#define ALL_FLAGS \
	((unsigned)(TT_OPEN_LIKE_GO | TT_OPEN_TABLES | TT_OPEN_SKIM | TT_OPEN_EXPERIMENTAL))
/* More than generations are worth reading ahead. */
#define TT_MAX_THREADS 64
/* If the machine does not say how much memory it has. */
#define FALLBACK_NBYTES (UINT64_C(1) << 30)

/* A quarter of the machine's memory. */
static uint64_t default_limit(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	if (pages <= 0 || page <= 0)
		return FALLBACK_NBYTES;
	return (uint64_t)pages / 4 * (uint64_t)page;
}

int tt_options_read(struct tt_options *out, const struct tt_options *in, struct tt_error *err)
{
	const unsigned char *bytes = (const unsigned char *)in;
	size_t size = in == NULL ? 0 : in->size;

	memset(out, 0, sizeof(*out));
	if (in != NULL && (size < sizeof(in->size) || size > MAX_SIZE))
		return tt_fail(err, TT_E_ARGUMENT, "options of an invalid size %zu", size);
	for (size_t i = sizeof(*out); i < size; i++)
		if (bytes[i] != 0)
			return tt_fail(err, TT_E_ARGUMENT,
				       "options that this library does not have");
	if (in != NULL)
		memcpy(out, in, size < sizeof(*out) ? size : sizeof(*out));
	out->size = sizeof(*out);
	if ((out->flags & ~ALL_FLAGS) != 0)
		return tt_fail(err, TT_E_ARGUMENT, "unknown open flags 0x%x", out->flags);
	if (out->threads > TT_MAX_THREADS)
		out->threads = TT_MAX_THREADS;
	if (out->max_memory_nbytes == 0)
		out->max_memory_nbytes = default_limit();
	return 0;
}
