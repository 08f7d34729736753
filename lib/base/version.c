/* SPDX-License-Identifier: MIT */
/* version.c - the version of the library that runs. Base layer. */
#include "tracetool.h"

const char *tt_version(void)
{
	return TT_VERSION_STRING;
}
