/* SPDX-License-Identifier: MIT */
/*
 * fault.h - makes the Nth allocation or read of the code under test fail, and
 * counts blocks that were not freed. Works because the tests are linked with
 * --wrap for the functions of enum fault_kind; calls that shared libraries make
 * among themselves are not seen. Test code only, one thread; FAULT_SYSTEM is for code
 * that has several.
 */
#ifndef TT_TESTS_FAULT_H
#define TT_TESTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
	FAULT_NONE,
	FAULT_ALLOC,            /* malloc, calloc, realloc: no memory */
	FAULT_READ,             /* read, pread, preadv2: EIO */
	FAULT_INTERRUPT,        /* the same: EINTR */
	FAULT_MAP,              /* mmap: ENODEV */
	FAULT_NAMELESS,         /* openat with O_TMPFILE: EOPNOTSUPP. No blocks are watched */
	FAULT_SYSTEM,           /* all that the emitter asks of the system: mmap, mremap,
	                           madvise, ftruncate, open, read, write, pthread_create;
	                           ENOMEM, ENOSPC, EMFILE, EIO, EAGAIN. No blocks are watched */
};

/*
 * From now on call number `at` (from 1) of that kind fails; all behind it too if
 * `for_good`. Blocks are watched until fault_end().
 */
void fault_begin(enum fault_kind kind, unsigned long at, bool for_good);
/* How many calls failed. */
unsigned long fault_count(void);
/* How many calls of the kind there were. */
unsigned long fault_calls(void);
/* Nothing fails any more. Blocks since fault_begin() that nobody has freed. */
size_t fault_end(void);

#endif
