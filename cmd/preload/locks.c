/* SPDX-License-Identifier: MIT */
/*
 * locks.c - waiting for another thread: mutexes, read-write locks, condition
 * variables, semaphores, barriers. Only a call that has to wait is reported.
 * Stands on preload.h.
 */
#include "preload.h"

#include <pthread.h>
#include <semaphore.h>
#include <threads.h>
#include <time.h>

/* Calls the real function; reported as a wait for `reason` if `shut`. */
#define BLOCKS_IF(shut, reason, type, name, params, args) \
	static type(*real_##name) params; \
	EXPORT type name params; \
	EXPORT type name params \
	{ \
		bool reported = false; \
		type result; \
\
		if (preload_on()) { \
			if (!(shut)) \
				return result; \
			reported = preload_block_begin(reason, CALLER, FRAME); \
		} \
		result = REAL(name) args; \
		if (reported) \
			preload_block_end(); \
		return result; \
	}
#define BLOCKS(reason, type, name, params, args) BLOCKS_IF(true, reason, type, name, params, args)

/* Tries first: any result but "busy" is the answer. */
#define TRY(try) ((result = (try)) == EBUSY)

/* ------------------------------------------------------------------- mutexes */

#define MUTEX(name, params, args) \
	BLOCKS_IF(TRY(pthread_mutex_trylock(m)), "sync mutex", int, name, params, args)

MUTEX(pthread_mutex_lock, (pthread_mutex_t *m), (m))
MUTEX(pthread_mutex_timedlock, (pthread_mutex_t *restrict m, const struct timespec *restrict until),
      (m, until))
MUTEX(pthread_mutex_clocklock,
      (pthread_mutex_t *restrict m, clockid_t clock, const struct timespec *restrict until),
      (m, clock, until))

#define RDLOCK(name, params, args) \
	BLOCKS_IF(TRY(pthread_rwlock_tryrdlock(l)), "sync rwlock", int, name, params, args)
#define WRLOCK(name, params, args) \
	BLOCKS_IF(TRY(pthread_rwlock_trywrlock(l)), "sync rwlock", int, name, params, args)

RDLOCK(pthread_rwlock_rdlock, (pthread_rwlock_t *l), (l))
RDLOCK(pthread_rwlock_timedrdlock,
       (pthread_rwlock_t *restrict l, const struct timespec *restrict until), (l, until))
RDLOCK(pthread_rwlock_clockrdlock,
       (pthread_rwlock_t *restrict l, clockid_t clock, const struct timespec *restrict until),
       (l, clock, until))
WRLOCK(pthread_rwlock_wrlock, (pthread_rwlock_t *l), (l))
WRLOCK(pthread_rwlock_timedwrlock,
       (pthread_rwlock_t *restrict l, const struct timespec *restrict until), (l, until))
WRLOCK(pthread_rwlock_clockwrlock,
       (pthread_rwlock_t *restrict l, clockid_t clock, const struct timespec *restrict until),
       (l, clock, until))

/* C11's; glibc's call its own functions, not ours. */
#define TRY_MTX(try) ((result = (try)) == thrd_busy)

BLOCKS_IF(TRY_MTX(mtx_trylock(m)), "sync mutex", int, mtx_lock, (mtx_t *m), (m))
BLOCKS_IF(TRY_MTX(mtx_trylock(m)), "sync mutex", int, mtx_timedlock,
	  (mtx_t *restrict m, const struct timespec *restrict until), (m, until))

/* ------------------------------------------------------- condition variables */

/* Programs have two versions of these to choose from on some machines. */
#define CONDITION(name, params, args) \
	static int(*real_##name) params; \
	EXPORT int name params; \
	EXPORT int name params \
	{ \
		bool reported = preload_on() && preload_block_begin("sync cond", CALLER, FRAME); \
		int result; \
\
		if (unlikely(real_##name == NULL)) \
			preload_find_version(#name, "GLIBC_2.3.2", &real_##name); \
		result = real_##name args; \
		if (reported) \
			preload_block_end(); \
		return result; \
	}

CONDITION(pthread_cond_wait, (pthread_cond_t *restrict c, pthread_mutex_t *restrict m), (c, m))
CONDITION(pthread_cond_timedwait,
	  (pthread_cond_t *restrict c, pthread_mutex_t *restrict m,
	   const struct timespec *restrict until),
	  (c, m, until))
BLOCKS("sync cond", int, pthread_cond_clockwait,
       (pthread_cond_t *restrict c, pthread_mutex_t *restrict m, clockid_t clock,
	const struct timespec *restrict until),
       (c, m, clock, until))
BLOCKS("sync cond", int, cnd_wait, (cnd_t *c, mtx_t *m), (c, m))
BLOCKS("sync cond", int, cnd_timedwait,
       (cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict until), (c, m, until))

/* ---------------------------------------------------------------- semaphores */

/* False: it was taken. errno stays as it is. */
static bool sem_is_shut(sem_t *s)
{
	int saved = errno;
	bool shut = sem_trywait(s) != 0;

	errno = saved;
	return shut;
}

#define SEMAPHORE(name, params, args) \
	BLOCKS_IF((result = 0, sem_is_shut(s)), "sync semaphore", int, name, params, args)

SEMAPHORE(sem_wait, (sem_t *s), (s))
SEMAPHORE(sem_timedwait, (sem_t *restrict s, const struct timespec *restrict until), (s, until))
SEMAPHORE(sem_clockwait,
	  (sem_t *restrict s, clockid_t clock, const struct timespec *restrict until),
	  (s, clock, until))

BLOCKS("sync barrier", int, pthread_barrier_wait, (pthread_barrier_t *b), (b))
