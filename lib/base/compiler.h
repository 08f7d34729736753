/* SPDX-License-Identifier: MIT */
/* compiler.h - for what is run for each event: a call would cost as much as the work. */
#ifndef TT_BASE_COMPILER_H
#define TT_BASE_COMPILER_H

#define TT_ALWAYS_INLINE inline __attribute__((always_inline))

#endif
