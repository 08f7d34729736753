/* SPDX-License-Identifier: MIT */
/* clock.c - chooses and measures the trace clock. Stands on nothing. */
#include "emit/clock.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define UNIT_NS 64
#define MEASURE_NS 5000000
#define TRIES 16

bool tt_em_clock_counter;

uint64_t tt_em_clock_mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t tt_em_clock_mono_ticks(void)
{
	return tt_em_clock_mono_ns() / UNIT_NS;
}

#if defined(__x86_64__)
struct moment {
	uint64_t count, mono_ns;
};
/* When both clocks were first read; later measurements reach back to it. */
static struct moment first;

/* The kernel trusts the counter, or does not say. */
static bool kernel_uses_counter(void)
{
	char name[16] = "";
	int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
		      O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return true;
	n = read(fd, name, sizeof(name) - 1);
	close(fd);
	return n <= 0 || strncmp(name, "tsc", 3) == 0;
}

static bool counter_is_invariant(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & 1 << 8) != 0 &&
	       kernel_uses_counter();
}

/* Both clocks at one moment: the closest of some tries. */
static struct moment read_both(void)
{
	struct moment best = {0, 0};
	uint64_t narrow = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc(), ns = tt_em_clock_mono_ns(), after = __rdtsc();

		if (after - before < narrow) {
			narrow = after - before;
			best = (struct moment){before + (after - before) / 2, ns};
		}
	}
	return best;
}

static struct tt_em_clock_rate counter_rate(void)
{
	struct moment now;
	double counts;

	if (first.mono_ns == 0)
		first = read_both();
	do {
		now = read_both();
	} while (now.mono_ns - first.mono_ns < MEASURE_NS);
	counts = (double)(now.count - first.count) * 1e9 / (double)(now.mono_ns - first.mono_ns);
	return (struct tt_em_clock_rate){(uint64_t)(counts / (1 << TT_EM_CLOCK_SHIFT) + 0.5)};
}
#endif

struct tt_em_clock_rate tt_em_clock_measure(void)
{
#if defined(__x86_64__)
	/* written once only: threads of an earlier trace may still read it */
	if (!tt_em_clock_counter && counter_is_invariant())
		tt_em_clock_counter = true;
	if (tt_em_clock_counter)
		return counter_rate();
#endif
	return (struct tt_em_clock_rate){1000000000 / UNIT_NS};
}
