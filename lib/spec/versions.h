/* SPDX-License-Identifier: MIT */
/*
 * versions.h - the versions that the header of a trace may have, "go 1.NN trace", and what
 * differs between them beside the events, whose `since` is in specs/. Stands on nothing.
 * Source: Go 1.27, src/internal/trace/version/version.go.
 */
#ifndef TT_SPEC_VERSIONS_H
#define TT_SPEC_VERSIONS_H

#include <stdbool.h>
#include <stdint.h>

/* The NN of a header in the format v1. */
static inline bool tt_version_is_v1(uint64_t version)
{
	return version == 11 || version == 19 || version == 21;
}

#define TT_FIRST_VERSION 22
#define TT_LAST_VERSION 26

/* The NN of a header in the format v2. */
static inline bool tt_version_is_v2(uint64_t version)
{
	return version == 22 || version == 23 || version == 25 || version == 26;
}

/* A generation has a Sync batch with a clock snapshot; before, the frequency alone. */
static inline bool tt_version_has_clock(unsigned version)
{
	return version >= 25;
}

/* A mark ends a generation; before, the next one's first batch does. */
static inline bool tt_version_has_end_marks(unsigned version)
{
	return version >= 26;
}

#endif
