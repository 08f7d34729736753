/* SPDX-License-Identifier: MIT */
/* compiler.h - hints to the compiler, for code that runs once for every event. Base layer. */
#ifndef TT_BASE_COMPILER_H
#define TT_BASE_COMPILER_H

/* Where a call would cost as much as the work. */
#define TT_ALWAYS_INLINE inline __attribute__((always_inline))
/* Where it is rare, and would cost the code around it registers. */
#define TT_NOT_INLINE __attribute__((noinline))

#define tt_likely(x) __builtin_expect(!!(x), 1)
#define tt_unlikely(x) __builtin_expect(!!(x), 0)

/* In both arms of an `if`: it stays a branch and is made no choice between two values. */
#define tt_keep_branch() __asm__ volatile("")
/* Pieces of code that end alike, each with another name here, are not made one. */
#define tt_keep_apart(name) __asm__ volatile("/* " #name " */")

#endif
