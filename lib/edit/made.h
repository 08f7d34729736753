/* SPDX-License-Identifier: MIT */
/*
 * made.h - ids of threads and goroutines that this library makes up: from here on, so that no
 * trace of a program has them, and a trace that is cut or joined again shows which they are.
 */
#ifndef TT_EDIT_MADE_H
#define TT_EDIT_MADE_H

#include <stdint.h>

#define TT_FIRST_MADE_M (INT64_C(1) << 30)
#define TT_FIRST_MADE_G (INT64_C(1) << 40)

#endif
