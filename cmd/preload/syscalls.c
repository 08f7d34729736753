/* SPDX-License-Identifier: MIT */
/*
 * syscalls.c - functions of the C library that sleep in the kernel: each becomes a
 * syscall of its thread's goroutine. Stands on preload.h.
 *
 * Calls inside the C library (by stdio, for example) are not seen.
 */
#include "preload.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

/* Stands in for `name`; a call that cannot sleep, as `waits` says, is not reported. */
#define WAITS_IF(waits, type, name, params, args) \
	static type(*real_##name) params; \
	EXPORT type name params; \
	EXPORT type name params \
	{ \
		bool reported = preload_on() && (waits) && preload_syscall_begin(CALLER, FRAME); \
		type result = REAL(name) args; \
\
		if (reported) \
			preload_syscall_end(); \
		return result; \
	}
#define WAITS(type, name, params, args) WAITS_IF(true, type, name, params, args)

/* --------------------------------------------------------------------- files */

WAITS(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n))
WAITS(ssize_t, readv, (int fd, const struct iovec *v, int n), (fd, v, n))
WAITS(ssize_t, pread, (int fd, void *buf, size_t n, off_t at), (fd, buf, n, at))
WAITS(ssize_t, pread64, (int fd, void *buf, size_t n, off64_t at), (fd, buf, n, at))
WAITS(ssize_t, preadv, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
WAITS(ssize_t, preadv64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at))
WAITS(ssize_t, write, (int fd, const void *buf, size_t n), (fd, buf, n))
WAITS(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
WAITS(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t at), (fd, buf, n, at))
WAITS(ssize_t, pwrite64, (int fd, const void *buf, size_t n, off64_t at), (fd, buf, n, at))
WAITS(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
WAITS(ssize_t, pwritev64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at))
WAITS(int, fsync, (int fd), (fd))
WAITS(int, fdatasync, (int fd), (fd))
WAITS(int, flock, (int fd, int operation), (fd, operation))
WAITS(ssize_t, sendfile, (int out, int in, off_t *at, size_t n), (out, in, at, n))
WAITS(ssize_t, sendfile64, (int out, int in, off64_t *at, size_t n), (out, in, at, n))
WAITS(ssize_t, splice, (int in, off64_t *in_at, int out, off64_t *out_at, size_t n, unsigned flags),
      (in, in_at, out, out_at, n, flags))

/* What a program that is built with _FORTIFY_SOURCE calls instead. */
WAITS(ssize_t, __read_chk, (int fd, void *buf, size_t n, size_t room), (fd, buf, n, room))
WAITS(ssize_t, __pread_chk, (int fd, void *buf, size_t n, off_t at, size_t room),
      (fd, buf, n, at, room))
WAITS(ssize_t, __pread64_chk, (int fd, void *buf, size_t n, off64_t at, size_t room),
      (fd, buf, n, at, room))

/* ------------------------------------------------------------------- sockets */

WAITS(ssize_t, recv, (int fd, void *buf, size_t n, int flags), (fd, buf, n, flags))
WAITS(ssize_t, recvfrom,
      (int fd, void *restrict buf, size_t n, int flags, __SOCKADDR_ARG from,
       socklen_t *restrict len),
      (fd, buf, n, flags, from, len))
WAITS(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags))
WAITS(int, recvmmsg, (int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *until),
      (fd, m, n, flags, until))
WAITS(ssize_t, send, (int fd, const void *buf, size_t n, int flags), (fd, buf, n, flags))
WAITS(ssize_t, sendto,
      (int fd, const void *buf, size_t n, int flags, __CONST_SOCKADDR_ARG to, socklen_t len),
      (fd, buf, n, flags, to, len))
WAITS(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
WAITS(int, sendmmsg, (int fd, struct mmsghdr *m, unsigned n, int flags), (fd, m, n, flags))
WAITS(int, accept, (int fd, __SOCKADDR_ARG from, socklen_t *restrict len), (fd, from, len))
WAITS(int, accept4, (int fd, __SOCKADDR_ARG from, socklen_t *restrict len, int flags),
      (fd, from, len, flags))
WAITS(int, connect, (int fd, __CONST_SOCKADDR_ARG to, socklen_t len), (fd, to, len))
WAITS(ssize_t, __recv_chk, (int fd, void *buf, size_t n, size_t room, int flags),
      (fd, buf, n, room, flags))
WAITS(ssize_t, __recvfrom_chk,
      (int fd, void *restrict buf, size_t n, size_t room, int flags,
       __SOCKADDR_ARG from, socklen_t *restrict len),
      (fd, buf, n, room, flags, from, len))

/* ------------------------------------------------------------ many at a time */

static bool sleeps(const struct timeval *t)
{
	return t == NULL || t->tv_sec != 0 || t->tv_usec != 0;
}

static bool sleeps_ns(const struct timespec *t)
{
	return t == NULL || t->tv_sec != 0 || t->tv_nsec != 0;
}

WAITS_IF(timeout != 0, int, poll, (struct pollfd *fds, nfds_t n, int timeout), (fds, n, timeout))
WAITS_IF(sleeps_ns(timeout), int, ppoll,
	 (struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask),
	 (fds, n, timeout, mask))
WAITS_IF(timeout != 0, int, __poll_chk, (struct pollfd *fds, nfds_t n, int timeout, size_t room),
	 (fds, n, timeout, room))
WAITS_IF(sleeps_ns(timeout), int, __ppoll_chk,
	 (struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask,
	  size_t room),
	 (fds, n, timeout, mask, room))
WAITS_IF(sleeps(timeout), int, select,
	 (int n, fd_set *restrict in, fd_set *restrict out, fd_set *restrict except,
	  struct timeval *restrict timeout),
	 (n, in, out, except, timeout))
WAITS_IF(sleeps_ns(timeout), int, pselect,
	 (int n, fd_set *restrict in, fd_set *restrict out, fd_set *restrict except,
	  const struct timespec *restrict timeout, const sigset_t *restrict mask),
	 (n, in, out, except, timeout, mask))
WAITS_IF(timeout != 0, int, epoll_wait, (int fd, struct epoll_event *events, int n, int timeout),
	 (fd, events, n, timeout))
WAITS_IF(timeout != 0, int, epoll_pwait,
	 (int fd, struct epoll_event *events, int n, int timeout, const sigset_t *mask),
	 (fd, events, n, timeout, mask))
WAITS_IF(sleeps_ns(timeout), int, epoll_pwait2,
	 (int fd, struct epoll_event *events, int n, const struct timespec *timeout,
	  const sigset_t *mask),
	 (fd, events, n, timeout, mask))

/* ------------------------------------------------------------------ the time */

WAITS(int, nanosleep, (const struct timespec *want, struct timespec *left), (want, left))
WAITS(int, clock_nanosleep,
      (clockid_t clock, int flags, const struct timespec *want, struct timespec *left),
      (clock, flags, want, left))
WAITS(int, usleep, (useconds_t us), (us))
WAITS(unsigned, sleep, (unsigned seconds), (seconds))
WAITS(int, thrd_sleep, (const struct timespec *want, struct timespec *left), (want, left))

/* ------------------------------------------------------ signals and children */

WAITS(int, pause, (void), ())
WAITS(int, sigsuspend, (const sigset_t *mask), (mask))
WAITS(int, sigwait, (const sigset_t *restrict set, int *restrict number), (set, number))
WAITS(int, sigwaitinfo, (const sigset_t *restrict set, siginfo_t *restrict info), (set, info))
WAITS_IF(sleeps_ns(timeout), int, sigtimedwait,
	 (const sigset_t *restrict set, siginfo_t *restrict info,
	  const struct timespec *restrict timeout),
	 (set, info, timeout))
WAITS(pid_t, wait, (int *status), (status))
WAITS_IF((flags & WNOHANG) == 0, pid_t, waitpid, (pid_t pid, int *status, int flags),
	 (pid, status, flags))
WAITS_IF((flags & WNOHANG) == 0, pid_t, wait3, (int *status, int flags, struct rusage *usage),
	 (status, flags, usage))
WAITS_IF((flags & WNOHANG) == 0, pid_t, wait4,
	 (pid_t pid, int *status, int flags, struct rusage *usage), (pid, status, flags, usage))
WAITS_IF((flags & WNOHANG) == 0, int, waitid, (idtype_t type, id_t id, siginfo_t *info, int flags),
	 (type, id, info, flags))
