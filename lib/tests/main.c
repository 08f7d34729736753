/* SPDX-License-Identifier: MIT */
/*
 * main.c - runs the Check suites that suites.h lists, all of them or those that
 * the command line names. Check's own variables (CK_FORK, CK_RUN_CASE, ...) hold;
 * under a sanitizer tests do not fork unless CK_FORK says so, so that a leak is
 * seen at the end of the process that made it.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sanitized.h"
#include "tests/suites.h"

struct suite_entry {
	const char *name;
	Suite *(*make)(void);
};

static const struct suite_entry suites[] = {
#define TT_SUITE(name) {#name, name##_suite},
#include "tests/suites.h"
};

#define NSUITES (sizeof(suites) / sizeof(suites[0]))

/* A refused allocation is NULL, as without ASan. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* The same for TSan. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return __asan_default_options();
}

/*
 * Check sends each place where a test is to the process that waits for it, to say where a
 * test was that crashes: a system call for each assertion, of which there are millions. After
 * the first thousand of a test some are enough.
 */
void __real__mark_point(const char *file, int line);
void __wrap__mark_point(const char *file, int line);
void __wrap__mark_point(const char *file, int line)
{
	static atomic_uint n;
	unsigned now = atomic_fetch_add_explicit(&n, 1, memory_order_relaxed);

	if (now < 1000 || now % 1024 == 0)
		__real__mark_point(file, line);
}

static bool add_named(SRunner *runner, const char *name)
{
	for (size_t i = 0; i < NSUITES; i++) {
		if (strcmp(suites[i].name, name) == 0) {
			srunner_add_suite(runner, suites[i].make());
			return true;
		}
	}
	fprintf(stderr, "no suite '%s'; there are:", name);
	for (size_t i = 0; i < NSUITES; i++)
		fprintf(stderr, " %s", suites[i].name);
	fprintf(stderr, "\n");
	return false;
}

static bool add_suites(SRunner *runner, char **names, int nnames)
{
	for (int i = 0; i < nnames; i++) {
		if (!add_named(runner, names[i]))
			return false;
	}
	for (size_t i = 0; nnames == 0 && i < NSUITES; i++)
		srunner_add_suite(runner, suites[i].make());
	return true;
}

int main(int argc, char **argv)
{
	SRunner *runner = srunner_create(NULL);
	int failed = 2;

	/* Check's own four seconds are too few on a machine with other work. */
	setenv("CK_DEFAULT_TIMEOUT", "120", 0);
#ifdef TT_SANITIZED
	if (getenv("CK_FORK") == NULL)
		srunner_set_fork_status(runner, CK_NOFORK);
#endif
	if (add_suites(runner, argv + 1, argc - 1)) {
		srunner_run_all(runner, CK_ENV);
		failed = srunner_ntests_failed(runner) != 0;
	}
	srunner_free(runner);
	return failed;
}
