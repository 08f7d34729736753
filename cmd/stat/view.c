/* SPDX-License-Identifier: MIT */
/* view.c - the views of `tracetool stat`: what they count, by which keys, in which columns. */
#include "stat.h"

#include <string.h>

#define BIT(by) (1U << (by))
/* What every state of a goroutine can be grouped by. */
#define BY_ANY                                                                                  \
	(BIT(BY_FUNC) | BIT(BY_SITE) | BIT(BY_STACK) | BIT(BY_WAKER) | BIT(BY_GOROUTINE) |        \
	 BIT(BY_REASON) |                                                                         \
	 BIT(BY_TASK) | BIT(BY_FILE) | BIT(BY_ALL))

/* The columns of a view with one measure. */
#define ONE_MEASURE                                                                             \
	{                                                                                         \
		{ "count", 0, VALUE_N }, { "total", 0, VALUE_SUM }, { "mean", 0, VALUE_MEAN },      \
			{ NULL, 0, VALUE_QUANTILES }, { "max", 0, VALUE_MAX },                      \
			{ "at", 0, VALUE_AT }, { "id", 0, VALUE_ID },                               \
	}

static const struct stat_view views[] = {
	{ .name = "summary" },
	{ .name = "goroutines", .source = SOURCE_STATES, .by = BY_FUNC,
	  .bys = BIT(BY_FUNC) | BIT(BY_SITE) | BIT(BY_STACK) | BIT(BY_GOROUTINE) | BIT(BY_FILE) |
		 BIT(BY_ALL),
	  .columns = { { "count", STATES_LIFE, VALUE_N },
		       { "total", STATES_LIFE, VALUE_SUM },
		       { "running", STATES_RUNNING, VALUE_SUM },
		       { "run%", STATES_RUNNING, VALUE_SHARE },
		       { "runnable", STATES_RUNNABLE, VALUE_SUM },
		       { "waiting", STATES_WAITING, VALUE_SUM },
		       { "syscall", STATES_SYSCALL, VALUE_SUM },
		       { "blocked", STATES_BLOCKED, VALUE_SUM } } },
	{ .name = "sched", .source = SOURCE_RUNNABLE, .by = BY_FUNC, .bys = BY_ANY,
	  .columns = ONE_MEASURE },
	{ .name = "blocks", .source = SOURCE_WAITING, .by = BY_REASON, .bys = BY_ANY,
	  .columns = ONE_MEASURE },
	{ .name = "syscalls", .source = SOURCE_SYSCALL, .by = BY_SITE,
	  .bys = BY_ANY & ~BIT(BY_REASON),
	  .columns = { { "count", SYSCALL_ALL, VALUE_N },
		       { "total", SYSCALL_ALL, VALUE_SUM },
		       { "held", SYSCALL_HELD, VALUE_SUM },
		       { "held-max", SYSCALL_HELD, VALUE_MAX },
		       { "taken", SYSCALL_BLOCKED, VALUE_N },
		       { NULL, SYSCALL_ALL, VALUE_QUANTILES },
		       { "max", SYSCALL_ALL, VALUE_MAX },
		       { "at", SYSCALL_ALL, VALUE_AT },
		       { "id", SYSCALL_ALL, VALUE_ID } } },
	{ .name = "gc", .key = "range", .source = SOURCE_RANGE, .by = BY_REASON, .bys = BY_ANY,
	  .columns = ONE_MEASURE },
	{ .name = "stw", .key = "pause", .source = SOURCE_PAUSE, .by = BY_REASON, .bys = BY_ANY,
	  .columns = ONE_MEASURE },
	{ .name = "mmu" },
	{ .name = "tasks", .key = "type", .source = SOURCE_TASK, .by = BY_REASON,
	  .bys = BIT(BY_REASON) | BIT(BY_TASK) | BIT(BY_GOROUTINE) | BIT(BY_SITE) | BIT(BY_STACK) |
		 BIT(BY_FILE) | BIT(BY_ALL),
	  .columns = ONE_MEASURE },
	{ .name = "regions", .key = "type", .source = SOURCE_REGION, .by = BY_REASON, .bys = BY_ANY,
	  .columns = ONE_MEASURE },
	{ .name = "procs", .source = SOURCE_PROC, .by = BY_PROC,
	  .bys = BIT(BY_PROC) | BIT(BY_FILE) | BIT(BY_ALL),
	  .columns = { { "running", PROC_RUNNING, VALUE_SUM },
		       { "idle", PROC_IDLE, VALUE_SUM },
		       { "starts", PROC_RUNNING, VALUE_N },
		       { "run-mean", PROC_RUNNING, VALUE_MEAN },
		       { "run-max", PROC_RUNNING, VALUE_MAX },
		       { "idle-mean", PROC_IDLE, VALUE_MEAN },
		       { "idle-max", PROC_IDLE, VALUE_MAX } } },
	{ .name = "threads", .source = SOURCE_THREAD, .by = BY_THREAD,
	  .bys = BIT(BY_THREAD) | BIT(BY_FILE) | BIT(BY_ALL),
	  .columns = { { "with-proc", THREAD_PROC, VALUE_SUM },
		       { "running", THREAD_RUNNING, VALUE_SUM },
		       { "switches", THREAD_RUNNING, VALUE_N },
		       { "syscalls", THREAD_SYSCALL, VALUE_N },
		       { "syscall", THREAD_SYSCALL, VALUE_SUM },
		       { "syscall-max", THREAD_SYSCALL, VALUE_MAX } } },
	{ .name = "locks", .source = SOURCE_LOCK, .by = BY_SITE, .bys = BY_ANY,
	  .columns = ONE_MEASURE },
	{ .name = "holders", .key = "who waits <- who holds", .sort = "held",
	  .source = SOURCE_HOLD, .by = BY_SITE, .bys = BIT(BY_SITE),
	  .columns = { { "waits", HOLD_WAIT, VALUE_N },
		       { "waited", HOLD_WAIT, VALUE_SUM },
		       { "wait-max", HOLD_WAIT, VALUE_MAX },
		       { "held", HOLD_HELD, VALUE_SUM },
		       { "held-max", HOLD_HELD, VALUE_MAX },
		       { "at", HOLD_HELD, VALUE_AT },
		       { "id", HOLD_HELD, VALUE_ID } } },
};

const struct stat_view *view_at(size_t i)
{
	return i < ARRAY_SIZE(views) ? &views[i] : NULL;
}

const struct stat_view *view_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
		if (strcmp(views[i].name, name) == 0)
			return &views[i];
	}
	return NULL;
}

enum stat_table_number view_table(const struct stat_view *view)
{
	return view->columns[0].name && view->source == SOURCE_HOLD ? TABLE_HOLDERS : TABLE_VIEW;
}

const char *view_key(const struct stat_view *view, enum stat_by by)
{
	return view->key && by == view->by ? view->key : by_name(by);
}

const char *by_name(enum stat_by by)
{
	static const char *const names[] = {
		[BY_ALL] = "all", [BY_FUNC] = "func", [BY_SITE] = "site", [BY_STACK] = "stack",
		[BY_WAKER] = "waker", [BY_GOROUTINE] = "goroutine", [BY_REASON] = "reason", [BY_TASK] = "task",
		[BY_FILE] = "file", [BY_PROC] = "proc", [BY_THREAD] = "thread",
	};

	return names[by];
}
