/* SPDX-License-Identifier: MIT */
/* fault.c - calls of the C library that fail when told to. Test code only. */
#include "tests/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* Open addressing; a power of two, far more than a test holds at once. */
#define MAX_BLOCKS 65536

static struct {
	_Atomic enum fault_kind kind;
	unsigned long at;
	atomic_ulong calls, failed;
	bool for_good;
	bool watching;
	size_t nblocks;
	const void *blocks[MAX_BLOCKS];
} state;

/* ---- blocks */

static size_t home_of(const void *p)
{
	return (size_t)((uintptr_t)p >> 4) * 2654435761u % MAX_BLOCKS;
}

static void add_block(const void *p)
{
	size_t i = home_of(p);

	if (!state.watching || p == NULL)
		return;
	if (++state.nblocks > MAX_BLOCKS / 2) {
		fprintf(stderr, "fault.c: too many blocks\n");
		abort();
	}
	while (state.blocks[i] != NULL)
		i = (i + 1) % MAX_BLOCKS;
	state.blocks[i] = p;
}

static size_t find_block(const void *p)
{
	size_t i = home_of(p);

	while (state.blocks[i] != NULL && state.blocks[i] != p)
		i = (i + 1) % MAX_BLOCKS;
	return i;
}

/* Those from before it was watched are not known. Closes the gap. */
static void remove_block(const void *p)
{
	size_t gap = find_block(p);

	if (!state.watching || p == NULL || state.blocks[gap] == NULL)
		return;
	state.nblocks--;
	for (size_t i = (gap + 1) % MAX_BLOCKS; state.blocks[i] != NULL; i = (i + 1) % MAX_BLOCKS) {
		size_t home = home_of(state.blocks[i]);

		if ((i - home) % MAX_BLOCKS >= (i - gap) % MAX_BLOCKS) {
			state.blocks[gap] = state.blocks[i];
			gap = i;
		}
	}
	state.blocks[gap] = NULL;
}

/* ---- telling */

void fault_begin(enum fault_kind kind, unsigned long at, bool for_good)
{
	memset(&state, 0, sizeof(state));
	state.at = at;
	state.for_good = for_good;
	state.watching = kind != FAULT_SYSTEM && kind != FAULT_NAMELESS;
	state.kind = kind;
}

unsigned long fault_count(void)
{
	return state.failed;
}

unsigned long fault_calls(void)
{
	return state.calls;
}

size_t fault_end(void)
{
	state.kind = FAULT_NONE;
	state.watching = false;
	return state.nblocks;
}

static bool fails(enum fault_kind kind)
{
	unsigned long call;

	if (state.kind != kind)
		return false;
	call = ++state.calls;
	if (state.at == 0 || call < state.at || (call > state.at && !state.for_good))
		return false;
	state.failed++;
	return true;
}

/* ---- the wrapped functions; __real_ is what the linker calls the wrapped ones */

/* What glibc calls them for a file's 64 bits where a word has 32. */
#if defined(__GLIBC__) && defined(_FILE_OFFSET_BITS)
#define __real_pread __real_pread64
#define __wrap_pread __wrap_pread64
#define __real_preadv2 __real_preadv64v2
#define __wrap_preadv2 __wrap_preadv64v2
#define __real_mmap __real_mmap64
#define __wrap_mmap __wrap_mmap64
#define __real_ftruncate __real_ftruncate64
#define __wrap_ftruncate __wrap_ftruncate64
#define __real_open __real_open64
#define __wrap_open __wrap_open64
#define __real_openat __real_openat64
#define __wrap_openat __wrap_openat64
#endif

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __real_pread(int fd, void *buf, size_t n, off_t offset);
ssize_t __real_preadv2(int fd, const struct iovec *rooms, int n, off_t offset, int flags);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);
ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __wrap_pread(int fd, void *buf, size_t n, off_t offset);
ssize_t __wrap_preadv2(int fd, const struct iovec *rooms, int n, off_t offset, int flags);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset);

void *__wrap_malloc(size_t size)
{
	void *p;

	if (fails(FAULT_ALLOC)) {
		errno = ENOMEM;
		return NULL;
	}
	p = __real_malloc(size);
	add_block(p);
	return p;
}

void *__wrap_calloc(size_t n, size_t size)
{
	void *p;

	if (fails(FAULT_ALLOC)) {
		errno = ENOMEM;
		return NULL;
	}
	p = __real_calloc(n, size);
	add_block(p);
	return p;
}

void *__wrap_realloc(void *p, size_t size)
{
	void *q;

	if (fails(FAULT_ALLOC)) {
		errno = ENOMEM;
		return NULL;
	}
	remove_block(p);
	q = __real_realloc(p, size);
	add_block(q);
	return q;
}

void __wrap_free(void *p)
{
	remove_block(p);
	__real_free(p);
}

static bool system_fails(int error)
{
	if (!fails(FAULT_SYSTEM))
		return false;
	errno = error;
	return true;
}

static bool read_fails(void)
{
	if (fails(FAULT_READ)) {
		errno = EIO;
		return true;
	}
	if (fails(FAULT_INTERRUPT)) {
		errno = EINTR;
		return true;
	}
	return system_fails(EIO);
}

ssize_t __wrap_read(int fd, void *buf, size_t n)
{
	return read_fails() ? -1 : __real_read(fd, buf, n);
}

ssize_t __wrap_pread(int fd, void *buf, size_t n, off_t offset)
{
	return read_fails() ? -1 : __real_pread(fd, buf, n, offset);
}

ssize_t __wrap_preadv2(int fd, const struct iovec *rooms, int n, off_t offset, int flags)
{
	return read_fails() ? -1 : __real_preadv2(fd, rooms, n, offset, flags);
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	if (fails(FAULT_MAP)) {
		errno = ENODEV;
		return MAP_FAILED;
	}
	if (system_fails(ENOMEM))
		return MAP_FAILED;
	return __real_mmap(addr, len, prot, flags, fd, offset);
}

int __real_openat(int folder, const char *path, int flags, ...);
int __wrap_openat(int folder, const char *path, int flags, ...);

int __wrap_openat(int folder, const char *path, int flags, ...)
{
	va_list list;
	mode_t mode = 0;

	va_start(list, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = (mode_t)va_arg(list, unsigned);
	va_end(list);
	if ((flags & O_TMPFILE) == O_TMPFILE && fails(FAULT_NAMELESS)) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_openat(folder, path, flags, mode);
}

/* ---- what the emitter has besides */

void *__real_mremap(void *old, size_t old_size, size_t size, int flags, ...);
int __real_madvise(void *addr, size_t len, int advice);
int __real_ftruncate(int fd, off_t len);
int __real_open(const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *buf, size_t n);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
			  void *arg);

void *__wrap_mremap(void *old, size_t old_size, size_t size, int flags, ...);
int __wrap_madvise(void *addr, size_t len, int advice);
int __wrap_ftruncate(int fd, off_t len);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
			  void *arg);

void *__wrap_mremap(void *old, size_t old_size, size_t size, int flags, ...)
{
	return system_fails(ENOMEM) ? MAP_FAILED : __real_mremap(old, old_size, size, flags);
}

int __wrap_madvise(void *addr, size_t len, int advice)
{
	return system_fails(ENOMEM) ? -1 : __real_madvise(addr, len, advice);
}

int __wrap_ftruncate(int fd, off_t len)
{
	return system_fails(ENOSPC) ? -1 : __real_ftruncate(fd, len);
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list list;
	mode_t mode = 0;

	va_start(list, flags);
	if (flags & O_CREAT)
		mode = (mode_t)va_arg(list, unsigned);
	va_end(list);
	return system_fails(EMFILE) ? -1 : __real_open(path, flags, mode);
}

ssize_t __wrap_write(int fd, const void *buf, size_t n)
{
	return system_fails(ENOSPC) ? -1 : __real_write(fd, buf, n);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
			  void *arg)
{
	return system_fails(EAGAIN) ? EAGAIN : __real_pthread_create(thread, attr, start, arg);
}
