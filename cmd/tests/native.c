/* SPDX-License-Identifier: MIT */
/*
 * native.c - a program to be recorded by the tests of `tracetool record`; its first
 * argument says what it does. What it counts, the trace must have.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_THREADS 64

/* ------------------------------------------------------------------- the heap */

/* One place allocates each kind of object, so that the trace can tell them apart. */
static __attribute__((noinline)) void *new_node(size_t n)
{
	void *volatile p = malloc(n);

	return p;
}

static __attribute__((noinline)) void *new_table(size_t n)
{
	void *volatile p = calloc(n, 8);

	return p;
}

static __attribute__((noinline)) void *longer(void *old, size_t n)
{
	void *volatile p = realloc(old, n);

	return p;
}

static __attribute__((noinline)) void *aligned(size_t n)
{
	void *p = NULL;

	return posix_memalign(&p, 64, n) == 0 ? p : NULL;
}

struct counts {
	_Atomic unsigned long allocs, frees;
};
static struct counts own, *counts = &own;
static unsigned long rounds;

static void once(unsigned long i)
{
	void *node = new_node(24 + i % 3), *table = new_table(4), *line = new_node(10);

	line = longer(line, 100 + i % 50);
	free(table);
	table = aligned(200);
	free(node);
	free(table);
	free(line);
	atomic_fetch_add(&counts->allocs, 5);
	atomic_fetch_add(&counts->frees, 5);
}

static void *allocate(void *arg)
{
	for (unsigned long i = 0; i < rounds; i++)
		once(i);
	return arg;
}

static __attribute__((noinline)) int run_threads(unsigned n, void *(*work)(void *arg))
{
	pthread_t threads[MAX_THREADS];

	for (unsigned i = 0; i < n && i < MAX_THREADS; i++) {
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			return 1;
	}
	for (unsigned i = 0; i < n && i < MAX_THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* heap THREADS ROUNDS: prints how many objects were allocated and freed. */
static int do_heap(char **argv)
{
	rounds = strtoul(argv[1], NULL, 10);
	if (run_threads((unsigned)strtoul(argv[0], NULL, 10), allocate) != 0)
		return 1;
	printf("%lu %lu\n", own.allocs, own.frees);
	return 0;
}

/* count FILE THREADS: the same without end, counted in a file that stays behind. */
static int do_count(char **argv)
{
	int fd = open(argv[0], O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || ftruncate(fd, sizeof(*counts)) != 0)
		return 1;
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (counts == MAP_FAILED)
		return 1;
	rounds = (unsigned long)-1;
	return run_threads((unsigned)strtoul(argv[1], NULL, 10), allocate);
}

/* ------------------------------------------------------------------- threads */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long shared;

static void *short_life(void *arg)
{
	pthread_mutex_lock(&lock);
	shared++;
	pthread_mutex_unlock(&lock);
	if (shared % 3 == 0)
		pthread_exit(arg);
	return arg;
}

/* churn N: so many threads, some at a time, half of them detached. */
static int do_churn(char **argv)
{
	unsigned long n = strtoul(argv[0], NULL, 10);
	pthread_t t[8];

	for (unsigned long i = 0; i < n; i += 8) {
		for (unsigned k = 0; k < 8; k++) {
			if (pthread_create(&t[k], NULL, short_life, NULL) != 0)
				return 1;
			if (k % 2 == 0)
				pthread_detach(t[k]);
		}
		for (unsigned k = 1; k < 8; k += 2)
			pthread_join(t[k], NULL);
	}
	return 0;
}

/* last: the thread that outlives main ends the process. */
static void *outlive(void *arg)
{
	pthread_join(*(pthread_t *)arg, NULL);
	puts("the last thread");
	fflush(stdout);
	return NULL;
}

static int do_last(char **argv)
{
	static pthread_t self;
	pthread_t t;

	(void)argv;
	self = pthread_self();
	if (pthread_create(&t, NULL, outlive, &self) != 0)
		return 1;
	pthread_exit(NULL);
}

/* cancel: a thread that waits is cancelled. */
static void *wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static int do_cancel(char **argv)
{
	pthread_t t;

	(void)argv;
	if (pthread_create(&t, NULL, wait_for_ever, NULL) != 0)
		return 1;
	usleep(10000);
	pthread_cancel(t);
	return pthread_join(t, NULL);
}

/* ------------------------------------------------------------------ processes */

/* children: one by fork, one by exec, one by system(). */
static int do_children(char **argv)
{
	int status = 0;

	(void)argv;
	if (fork() == 0) {
		free(new_node(100));
		exit(0);
	}
	wait(&status);
	if (fork() == 0) {
		execlp("sh", "sh", "-c", "exit 3", (char *)NULL);
		_exit(127);
	}
	wait(&status);
	return WEXITSTATUS(status) + system("exit 0");
}

/* fork: the child does what its parent did before. */
static int do_fork(char **argv)
{
	(void)argv;
	free(new_node(100));
	if (fork() == 0) {
		free(new_node(100));
		exit(0);
	}
	return wait(NULL) < 0;
}

/* end HOW: in one of the ways in which a program can. */
static int do_end(char **argv)
{
	const char *how = argv[0];

	free(new_node(100));
	if (strcmp(how, "_exit") == 0)
		_exit(7);
	if (strcmp(how, "kill") == 0)
		raise(SIGKILL);
	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "crash") == 0)
		raise(SIGSEGV);
	if (strcmp(how, "exec") == 0)
		execlp("sh", "sh", "-c", "exit 4", (char *)NULL);
	return 5;
}

/* sights: all that could tell the program that it is recorded. */
static int do_sights(char **argv)
{
	extern char **environ;
	int fd = open("/dev/null", O_RDONLY);

	(void)argv;
	printf("first descriptor %d\n", fd);
	for (char **e = environ; *e; e++) {
		if (strncmp(*e, "LD_", 3) == 0 || strncmp(*e, "TRACETOOL", 9) == 0)
			puts(*e);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int nargs;
		int (*run)(char **argv);
	} modes[] = {
		{ "heap", 2, do_heap },		{ "count", 2, do_count },
		{ "churn", 1, do_churn },	{ "last", 0, do_last },
		{ "cancel", 0, do_cancel },	{ "children", 0, do_children },
		{ "fork", 0, do_fork },		{ "end", 1, do_end },
		{ "sights", 0, do_sights },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(argv[1], modes[i].name) == 0 && argc == 2 + modes[i].nargs)
			return modes[i].run(argv + 2);
	}
	fprintf(stderr, "usage: native MODE ARGUMENT...\n");
	return 2;
}
