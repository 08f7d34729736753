/* SPDX-License-Identifier: MIT */
/*
 * lock.h - a lock on a futex. Not a pthread mutex, since a program that traces may have a
 * wrapper around those. A lock of zeros is free; any thread may take it, in no signal
 * handler. Stands on nothing.
 */
#ifndef TT_EMIT_LOCK_H
#define TT_EMIT_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

/* The word is 0: free, 1: held, 2: held and somebody waits. */
struct tt_em_lock {
	_Atomic uint32_t word;
};

void tt_em_lock_take(struct tt_em_lock *l);
void tt_em_lock_give(struct tt_em_lock *l);

/* Sleeps while *word is `value`, until woken or for timeout_ns (0: without limit). */
void tt_em_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns);
void tt_em_futex_wake_all(_Atomic uint32_t *word);

#endif
