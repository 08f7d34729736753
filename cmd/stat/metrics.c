/* SPDX-License-Identifier: MIT */
/* metrics.c - the numbers of a summary by name. Command layer. */
#include "metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what they are made of */

static bool begins_with(struct tt_str s, const char *what)
{
	size_t len = strlen(what);

	return s.len >= len && memcmp(s.data, what, len) == 0;
}

/* The sum of the rows whose key begins like this. */
static bool sum_ranges(struct dist *d, const struct stat_table *t, const char *name)
{
	bool fine = true;

	for (size_t i = 0; i < t->nrows; i++) {
		if (begins_with(table_key(t, i), name))
			fine = dist_merge(d, &t->rows[i]->d[0]) && fine;
	}
	return fine;
}

static bool sum_up(struct metrics *m, const struct stat_answer *a)
{
	const struct stat_table *ranges = &a->tables[TABLE_RANGES];
	struct stat_row procs, tasks, holds;
	bool fine = table_total(&a->tables[TABLE_STATES], &m->states);

	fine = sum_ranges(&m->pauses, ranges, "stop-the-world") && fine;
	fine = sum_ranges(&m->mark, ranges, "GC concurrent mark phase") && fine;
	fine = sum_ranges(&m->assists, ranges, "GC mark assist") && fine;
	fine = sum_ranges(&m->sweeps, ranges, "GC incremental sweep") && fine;
	fine = table_total(&a->tables[TABLE_PROCS], &procs) && fine;
	fine = table_total(&a->tables[TABLE_TASKS], &tasks) && fine;
	fine = table_total(&a->tables[TABLE_HOLDERS], &holds) && fine;
	m->locks = holds.d[HOLD_WAIT];
	m->held = holds.d[HOLD_HELD];
	m->running = procs.d[PROC_RUNNING];
	m->idle = procs.d[PROC_IDLE];
	m->tasks = tasks.d[0];
	return fine;
}

void metrics_release(struct metrics *m)
{
	struct dist *const all[] = { &m->pauses, &m->mark, &m->assists, &m->sweeps,
				     &m->tasks, &m->running, &m->idle, &m->locks, &m->held };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		dist_release(all[i]);
	row_release(&m->states);
}

/* ---- names */

static struct metric *add(struct metrics *m, const char *first, const char *second,
			  enum metric_unit unit, double value)
{
	struct metric *to = &m->at[m->n];

	if (m->n + 1 < MAX_METRICS)
		m->n++;
	snprintf(to->name, sizeof(to->name), "%s%s%s", first, *second ? "." : "", second);
	to->unit = unit;
	to->value = value;
	to->at_ns = INT64_MIN;
	to->id = TT_NONE;
	to->file = NULL;
	return to;
}

static void add_dist(struct metrics *m, const char *name, const struct dist *d,
		     const struct stat_quantiles *q)
{
	struct metric *max;

	add(m, name, "n", METRIC_COUNT, (double)d->n);
	add(m, name, "total", METRIC_NS, (double)d->sum_ns);
	add(m, name, "mean", METRIC_NS, (double)dist_mean(d));
	for (size_t i = 0; i < q->n; i++)
		add(m, name, q->names[i], METRIC_NS, (double)dist_quantile(d, q->parts[i]));
	max = add(m, name, "max", METRIC_NS, (double)d->max_ns);
	if (d->n > 0) {
		max->at_ns = d->max_at_ns;
		max->id = d->max_id;
	}
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void add_facts(struct metrics *m, const struct stat_facts *f)
{
	static const char *const windows[NWINDOWS] = { "1ms", "10ms", "100ms" };

	add(m, "duration", "", METRIC_NS, (double)f->duration_ns);
	add(m, "events", "", METRIC_COUNT, (double)f->nevents);
	add(m, "generations", "", METRIC_COUNT, (double)f->ngenerations);
	add(m, "goroutines", "start", METRIC_COUNT, (double)f->goroutines_start);
	add(m, "goroutines", "created", METRIC_COUNT, (double)f->created);
	add(m, "goroutines", "ended", METRIC_COUNT, (double)f->ended);
	add(m, "goroutines", "live", METRIC_COUNT, (double)f->live);
	add(m, "goroutines", "peak", METRIC_COUNT, (double)f->peak);
	add(m, "heap", "max", METRIC_BYTES, (double)f->heap_max);
	add(m, "heap", "last", METRIC_BYTES, (double)f->heap_last);
	add(m, "heap", "goal", METRIC_BYTES, (double)f->heap_goal_max);
	add(m, "gc", "cpu", METRIC_PERCENT, percent((double)f->collector_ns, (double)f->util_ns));
	for (size_t i = 0; i < NWINDOWS; i++)
		add(m, "mmu", windows[i], METRIC_PERCENT, 100 * f->mmu[i])->at_ns = f->mmu_at[i];
}

static void add_procs(struct metrics *m, const struct stat_facts *f)
{
	double running = (double)m->running.sum_ns, idle = (double)m->idle.sum_ns;

	add(m, "procs", "n", METRIC_COUNT, (double)f->nprocs);
	add(m, "procs", "running", METRIC_NS, running);
	add(m, "procs", "idle", METRIC_NS, idle);
	add(m, "procs", "busy", METRIC_PERCENT, percent(running, running + idle));
	add(m, "procs", "used", METRIC_COUNT,
	    f->duration_ns == 0 ? 0 : running / (double)f->duration_ns);
}

bool metrics_init(struct metrics *m, const struct stat_answer *a,
		  const struct stat_quantiles *quantiles)
{
	const struct stat_facts *f = &a->facts;
	bool fine;

	memset(m, 0, sizeof(*m));
	fine = sum_up(m, a);
	add_facts(m, f);
	add_procs(m, f);
	add(m, "gc", "share", METRIC_PERCENT, percent((double)m->mark.sum_ns, (double)f->duration_ns));
	add_dist(m, "running", &m->states.d[STATES_RUNNING], quantiles);
	add_dist(m, "sched", &m->states.d[STATES_RUNNABLE], quantiles);
	add_dist(m, "wait", &m->states.d[STATES_WAITING], quantiles);
	add_dist(m, "syscall", &m->states.d[STATES_SYSCALL], quantiles);
	add_dist(m, "blocked", &m->states.d[STATES_BLOCKED], quantiles);
	add_dist(m, "stw", &m->pauses, quantiles);
	add_dist(m, "gc", &m->mark, quantiles);
	add_dist(m, "assist", &m->assists, quantiles);
	add_dist(m, "sweep", &m->sweeps, quantiles);
	add_dist(m, "tasks", &m->tasks, quantiles);
	add_dist(m, "locks", &m->locks, quantiles);
	add_dist(m, "held", &m->held, quantiles);
	return fine;
}

static void name_file(struct metric *sum, const struct metric *one, const char *file)
{
	if (!sum->file && sum->at_ns != INT64_MIN && one->at_ns == sum->at_ns &&
	    one->value == sum->value)
		sum->file = file;
}

bool metrics_name_files(struct metrics *m, struct stat_answer *const *answers, size_t n,
			const struct stat_quantiles *quantiles)
{
	struct metrics *one = calloc(1, sizeof(*one));
	bool fine = one != NULL;

	for (size_t i = 0; i < n && fine; i++) {
		fine = metrics_init(one, answers[i], quantiles);
		for (size_t k = 0; k < m->n; k++)
			name_file(&m->at[k], &one->at[k], answers[i]->file);
		metrics_release(one);
	}
	free(one);
	return fine;
}

const struct metric *metrics_find(const struct metrics *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++) {
		if (strcmp(m->at[i].name, name) == 0)
			return &m->at[i];
	}
	return NULL;
}
