/* SPDX-License-Identifier: MIT */
/*
 * exec.c - the program becomes another one, which is recorded as well: it finds the recorder
 * by its environment. Nothing else is done here: the recorder takes the rest of the first
 * program's trace from the emitter's memory. Stands on preload.h.
 */
#include "preload.h"

#include <alloca.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

extern char **environ;

/* Calls the real function with the environment that `envp` becomes. */
#define EXECS(name, params, args, envp) \
	static int(*real_##name) params; \
	EXPORT int name params; \
	EXPORT int name params \
	{ \
		char *const *given = (char *const *)(envp); \
		char **made = preload_environment(given); \
		int result = REAL(name) args; \
\
		preload_environment_free(made, given); \
		return result; \
	}

EXECS(execve, (const char *path, char *const argv[], char *const envp[]), (path, argv, made), envp)
EXECS(execvpe, (const char *file, char *const argv[], char *const envp[]), (file, argv, made), envp)
EXECS(fexecve, (int fd, char *const argv[], char *const envp[]), (fd, argv, made), envp)
EXECS(execveat, (int fd, const char *path, char *const argv[], char *const envp[], int flags),
      (fd, path, argv, made, flags), envp)

EXPORT int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

EXPORT int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

/* Arguments up to NULL, into argv on the caller's own stack; envp may follow. */
#define COLLECT(argv, first, list) \
	do { \
		va_list count; \
		size_t n = 1; \
\
		va_copy(count, list); \
		while (va_arg(count, char *) != NULL) \
			n++; \
		va_end(count); \
		argv = alloca((n + 1) * sizeof(*argv)); \
		argv[0] = (char *)(uintptr_t)(first); \
		for (size_t i = 1; i <= n; i++) \
			argv[i] = va_arg(list, char *); \
	} while (0)

EXPORT int execl(const char *path, const char *first, ...)
{
	char **argv;
	va_list list;

	va_start(list, first);
	COLLECT(argv, first, list);
	va_end(list);
	return execve(path, argv, environ);
}

EXPORT int execlp(const char *file, const char *first, ...)
{
	char **argv;
	va_list list;

	va_start(list, first);
	COLLECT(argv, first, list);
	va_end(list);
	return execvpe(file, argv, environ);
}

EXPORT int execle(const char *path, const char *first, ...)
{
	char **argv, **envp;
	va_list list;

	va_start(list, first);
	COLLECT(argv, first, list);
	envp = va_arg(list, char **);
	va_end(list);
	return execve(path, argv, envp);
}
