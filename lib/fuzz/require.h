/* SPDX-License-Identifier: MIT */
/* require.h - what a fuzz target holds of any bytes at all: aborts if it is not so. */
#ifndef TT_FUZZ_REQUIRE_H
#define TT_FUZZ_REQUIRE_H

#include <stdio.h>
#include <stdlib.h>

#define REQUIRE(x)                                                                                 \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
