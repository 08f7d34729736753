/* SPDX-License-Identifier: MIT */
/* lock.c - locking and sleeping by the futex system call. Stands on nothing. */
#include "emit/lock.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SPINS 64

void tt_em_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
	struct timespec ts = {(time_t)(timeout_ns / 1000000000), (long)(timeout_ns % 1000000000)};
	int saved = errno;

	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout_ns != 0 ? &ts : NULL, NULL, 0);
	errno = saved;
}

void tt_em_futex_wake_all(_Atomic uint32_t *word)
{
	int saved = errno;

	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	errno = saved;
}

void tt_em_lock_take(struct tt_em_lock *l)
{
	for (int i = 0; i < SPINS; i++) {
		uint32_t none = 0;

		if (atomic_compare_exchange_strong_explicit(&l->word, &none, 1,
							    memory_order_acquire,
							    memory_order_relaxed))
			return;
	}
	while (atomic_exchange_explicit(&l->word, 2, memory_order_acquire) != 0)
		tt_em_futex_wait(&l->word, 2, 0);
}

void tt_em_lock_give(struct tt_em_lock *l)
{
	int saved = errno;

	if (atomic_exchange_explicit(&l->word, 0, memory_order_release) == 2)
		syscall(SYS_futex, &l->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	errno = saved;
}
