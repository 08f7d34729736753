/* SPDX-License-Identifier: MIT */
/*
 * sanitized.h - defines TT_SANITIZED in a build under the address or the thread
 * sanitizer, with gcc and with clang; TT_SANITIZED_THREADS under the latter.
 */
#ifndef TT_TESTS_SANITIZED_H
#define TT_TESTS_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TT_SANITIZED 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define TT_SANITIZED_THREADS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TT_SANITIZED_THREADS 1
#endif
#endif

/* Tests that do something at each byte or bit of an input do so at every 11th where a
 * sanitizer makes it slow: a prime, so that it is each bit of a byte in turn. */
#ifdef TT_SANITIZED
#define TT_EVERY 11u
#else
#define TT_EVERY 1u
#endif

#endif
