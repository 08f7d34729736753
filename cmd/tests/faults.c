/* SPDX-License-Identifier: MIT */
/*
 * faults.c - a preloaded library that makes calls of one kind fail in a program, be
 * short or be interrupted, for cmd/tests/check-faults. Calls that the C library makes
 * inside itself are not seen. What the program starts runs without it.
 *
 * TT_FAULT="KIND HOW AT": KIND as in kind_names, HOW one of
 *   once       call number AT fails, from 1
 *   always     call number AT and all behind it fail
 *   short      reads and writes move half of what they could
 *   interrupt  every other call is interrupted by a signal
 *   never      they are only counted
 * Standard error is spared: a message that cannot be written tells nothing. So is
 * libarchive's memory: without it that library ends the program by itself, or (3.6, its
 * zip and zstd writers) uses what it did not get. And the loader's, when it opens a library:
 * in some places it ends the program (status 127, `out of memory`).
 * TT_FAULT_COUNT=FILE: how many calls there were, written there at exit.
 * TT_FAULT_IN=PROGRAM: in the process of this name alone, which the first program starts,
 * and only those calls fail that the library makes which `record` loads into it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum kind { ALLOC, READ, WRITE, MAP, SYNC, RENAME, OPEN, THREAD, LIBRARY, SYSTEM, PIDFD, NKINDS };
enum how { ONCE, ALWAYS, SHORT, INTERRUPT, NEVER };

static const char *const kind_names[] = {
	[ALLOC] = "alloc", [READ] = "read",     [WRITE] = "write", [MAP] = "map",
	[SYNC] = "sync",   [RENAME] = "rename", [OPEN] = "open",   [THREAD] = "thread",
	[LIBRARY] = "library", [SYSTEM] = "system", [PIDFD] = "pidfd",
};
static const char *const how_names[] = {
	[ONCE] = "once",           [ALWAYS] = "always", [SHORT] = "short",
	[INTERRUPT] = "interrupt", [NEVER] = "never",
};
static const int errors[] = {
	[ALLOC] = ENOMEM, [READ] = EIO,   [WRITE] = ENOSPC, [MAP] = ENODEV,
	[SYNC] = EIO,     [RENAME] = EIO, [OPEN] = EMFILE,  [THREAD] = EAGAIN,
	[LIBRARY] = ENOENT, [SYSTEM] = ENOMEM, [PIDFD] = ENOSYS,
};

static bool on, inside;
static unsigned kind, how;
static unsigned long at;
static atomic_ulong ncalls;
static char count_path[4096];

static unsigned index_of(const char *name, const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	fprintf(stderr, "faults: no `%s`\n", name);
	_exit(99);
}

__attribute__((destructor)) static void end(void)
{
	char text[32];
	int fd, n = snprintf(text, sizeof(text), "%lu\n", atomic_load(&ncalls));

	if (!on || count_path[0] == '\0')
		return;
	on = false;
	fd = open(count_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		_exit(99);
	close(fd);
}

/* Code of a library: of which calls are spared, or which alone is not (inside). */
struct code {
	const char *name;       /* part of its path */
	uintptr_t start, end;   /* 0: not loaded yet */
};

static struct code libarchive = { "/libarchive.so", 0, 0 }, loader = { "/ld-linux", 0, 0 },
		   library = { "/libtracetool-", 0, 0 };

static bool in_code(const struct code *code, const void *pc)
{
	return (uintptr_t)pc >= code->start && (uintptr_t)pc < code->end;
}

static bool fails_from(enum kind k, const void *caller)
{
	unsigned long n;

	if (!on || k != kind || (inside && !in_code(&library, caller)))
		return false;
	n = atomic_fetch_add(&ncalls, 1) + 1;
	if (how == INTERRUPT && n % 2 == 1) {
		errno = EINTR;
		return true;
	}
	if ((how != ONCE || n != at) && (how != ALWAYS || n < at))
		return false;
	errno = errors[k];
	return true;
}

/* Whether this call of the kind fails; errno is set then. */
#define fails(k) fails_from(k, __builtin_return_address(0))

static int find_code(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct code *code = arg;

	(void)size;
	if (strstr(info->dlpi_name, code->name) == NULL)
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
			continue;
		code->start = info->dlpi_addr + part->p_vaddr;
		code->end = code->start + part->p_memsz;
	}
	return 1;
}

static bool asked_by_libarchive(void)
{
	void *callers[16];
	int n;

	/* it is loaded when the first archive is opened */
	if (libarchive.start == 0)
		dl_iterate_phdr(find_code, &libarchive);
	if (libarchive.start == 0)
		return false;
	n = backtrace(callers, COUNT(callers));
	for (int i = 0; i < n; i++)
		if (in_code(&libarchive, callers[i]))
			return true;
	return false;
}

static bool no_memory_from(const void *caller)
{
	return on && kind == ALLOC &&
	       (inside || (!in_code(&loader, caller) && !asked_by_libarchive())) &&
	       fails_from(ALLOC, caller);
}

#define no_memory() no_memory_from(__builtin_return_address(0))

static size_t shorter(enum kind k, size_t n)
{
	return on && k == kind && how == SHORT && n > 1 ? n / 2 : n;
}

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("TT_FAULT"), *path = getenv("TT_FAULT_COUNT"), *in = getenv("TT_FAULT_IN");
	char kind_name[16], how_name[16];

	if (text == NULL || sscanf(text, "%15s %15s %lu", kind_name, how_name, &at) != 3)
		return;
	if (in != NULL && strcmp(in, program_invocation_short_name) != 0)
		return;
	inside = in != NULL;
	kind = index_of(kind_name, kind_names, COUNT(kind_names));
	how = index_of(how_name, how_names, COUNT(how_names));
	if (path != NULL)
		snprintf(count_path, sizeof(count_path), "%s", path);
	unsetenv("TT_FAULT");
	unsetenv("TT_FAULT_COUNT");
	unsetenv("LD_PRELOAD");
	if (inside)
		dl_iterate_phdr(find_code, &library);
	else
		backtrace(&(void *){NULL}, 1); /* the first one allocates */
	dl_iterate_phdr(find_code, &loader);
	on = true;
}

/* The function behind this one. */
#define NEXT(name)                                                                       \
	static __typeof__(name) *next;                                                   \
	if (next == NULL)                                                                \
	*(void **)&next = dlsym(RTLD_NEXT, #name)

/* ------------------------------------------------------------------- memory */

/* dlsym() allocates, so these are asked for by their own names. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t alignment, size_t n);

void *malloc(size_t n)
{
	return no_memory() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return no_memory() ? NULL : __libc_realloc(p, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
	return no_memory() ? NULL : __libc_memalign(alignment, n);
}

int posix_memalign(void **p, size_t alignment, size_t n)
{
	int was = errno;

	*p = no_memory() ? NULL : __libc_memalign(alignment, n);
	errno = was;
	return *p == NULL ? ENOMEM : 0;
}

/* -------------------------------------------------------------------- files */

ssize_t read(int fd, void *data, size_t n)
{
	NEXT(read);
	return fails(READ) ? -1 : next(fd, data, shorter(READ, n));
}

ssize_t pread(int fd, void *data, size_t n, off_t offset)
{
	NEXT(pread);
	return fails(READ) ? -1 : next(fd, data, shorter(READ, n), offset);
}

ssize_t pread64(int fd, void *data, size_t n, off64_t offset)
{
	return pread(fd, data, n, offset);
}

ssize_t write(int fd, const void *data, size_t n)
{
	NEXT(write);
	if (fd == STDERR_FILENO)
		return next(fd, data, n);
	return fails(WRITE) ? -1 : next(fd, data, shorter(WRITE, n));
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
	NEXT(pwrite);
	return fails(WRITE) ? -1 : next(fd, data, shorter(WRITE, n), offset);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t offset)
{
	return pwrite(fd, data, n, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
	NEXT(writev);
	if (fd == STDERR_FILENO)
		return next(fd, parts, n);
	return fails(WRITE) ? -1 : next(fd, parts, how == SHORT && n > 1 ? n / 2 : n);
}

/* Anonymous memory is the C library's own business as much as the program's. */
void *mmap(void *where, size_t n, int protection, int flags, int fd, off_t offset)
{
	NEXT(mmap);
	return (fd >= 0 && fails(MAP)) || fails(SYSTEM) ? MAP_FAILED :
							  next(where, n, protection, flags, fd, offset);
}

void *mmap64(void *where, size_t n, int protection, int flags, int fd, off64_t offset)
{
	return mmap(where, n, protection, flags, fd, offset);
}

int fsync(int fd)
{
	NEXT(fsync);
	return fails(SYNC) ? -1 : next(fd);
}

int fdatasync(int fd)
{
	NEXT(fdatasync);
	return fails(SYNC) ? -1 : next(fd);
}

int rename(const char *from, const char *to)
{
	NEXT(rename);
	return fails(RENAME) ? -1 : next(from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	NEXT(renameat);
	return fails(RENAME) ? -1 : next(from_dir, from, to_dir, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	NEXT(renameat2);
	return fails(RENAME) ? -1 : next(from_dir, from, to_dir, to, flags);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	NEXT(linkat);
	return fails(RENAME) ? -1 : next(from_dir, from, to_dir, to, flags);
}

static mode_t mode_of(int flags, va_list args)
{
	bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;

	return makes ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;
	NEXT(open);

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return fails(OPEN) ? -1 : next(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return open(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;
	NEXT(openat);

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return fails(OPEN) ? -1 : next(dir, path, flags, mode);
}

int mkdir(const char *path, mode_t mode)
{
	NEXT(mkdir);
	return fails(OPEN) ? -1 : next(path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
	NEXT(mkdirat);
	return fails(OPEN) ? -1 : next(dir, path, mode);
}

/* ------------------------------------------------------------------ threads */

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *),
		   void *arg)
{
	int was = errno;
	bool failed;
	NEXT(pthread_create);

	failed = fails(THREAD);
	errno = was;
	return failed ? errors[THREAD] : next(thread, attributes, body, arg);
}

/* ---------------------------------------------------------------- libraries */

/* Nobody is told if these are not there: names of C++ stay as they are; libdw looks nowhere
 * else for what it does not find. */
static bool is_needed(const char *name)
{
	return strncmp(name, "libstdc++.", 10) != 0 && strncmp(name, "libdebuginfod.", 14) != 0;
}

void *dlopen(const char *name, int flags)
{
	NEXT(dlopen);
	return name != NULL && is_needed(name) && fails(LIBRARY) ? NULL : next(name, flags);
}

/* -------------------------------------------- what only a loaded library asks for */

int ftruncate(int fd, off_t nbytes)
{
	NEXT(ftruncate);
	return fails(SYSTEM) ? -1 : next(fd, nbytes);
}

int socket(int domain, int type, int protocol)
{
	NEXT(socket);
	return fails(SYSTEM) ? -1 : next(domain, type, protocol);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	NEXT(sendmsg);
	return fails(SYSTEM) ? -1 : next(fd, message, flags);
}

int madvise(void *from, size_t nbytes, int advice)
{
	NEXT(madvise);
	return fails(SYSTEM) ? -1 : next(from, nbytes, advice);
}

void *mremap(void *old, size_t old_nbytes, size_t nbytes, int flags, ...)
{
	NEXT(mremap);
	return fails(SYSTEM) ? MAP_FAILED : next(old, old_nbytes, nbytes, flags);
}

/* Those that make or open something. */
long syscall(long number, ...)
{
	long a[6];
	va_list args;
	NEXT(syscall);

	va_start(args, number);
	for (unsigned i = 0; i < COUNT(a); i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if ((number == SYS_memfd_create || number == SYS_openat) && fails(SYSTEM))
		return -1;
	if (number == SYS_pidfd_open && fails(PIDFD))
		return -1;
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
