/* SPDX-License-Identifier: MIT */
/* answer.c - what was found out about a trace: its tables, and how two are added. Command layer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stat.h"

const int64_t stat_windows[NWINDOWS] = { 1000000, 10000000, UTIL_ENDS_NS };

bool wants_summary(const struct stat_options *opt)
{
	return strcmp(opt->view->name, "summary") == 0 || opt->fail_if.n > 0;
}

bool wants_utilization(const struct stat_options *opt)
{
	return wants_summary(opt) || strcmp(opt->view->name, "mmu") == 0;
}

bool wants_holders(const struct stat_options *opt)
{
	return wants_summary(opt) || strcmp(opt->view->name, "locks") == 0 ||
	       view_table(opt->view) == TABLE_HOLDERS;
}

static void init_summary(struct stat_answer *a)
{
	static const struct {
		enum stat_source source;
		enum stat_by by;
	} tables[] = {
		[TABLE_STATES] = { SOURCE_STATES, BY_FUNC },
		[TABLE_WAITS] = { SOURCE_WAITING, BY_REASON },
		[TABLE_SITES] = { SOURCE_WAITING, BY_SITE },
		[TABLE_RANGES] = { SOURCE_RANGE, BY_REASON },
		[TABLE_PROCS] = { SOURCE_PROC, BY_PROC },
		[TABLE_TASKS] = { SOURCE_TASK, BY_REASON },
		[TABLE_GROWTH] = { SOURCE_GROWTH, BY_FUNC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		table_init(&a->tables[i], tables[i].source, tables[i].by);
	table_init(&a->tables[TABLE_SYSCALLS], SOURCE_SYSCALL, BY_SITE);
	table_init(&a->tables[TABLE_PEERS], SOURCE_PEER, BY_SITE);
	table_init(&a->tables[TABLE_ASSISTS], SOURCE_RANGE, BY_SITE);
	a->tables[TABLE_ASSISTS].users = a->tables[TABLE_ASSISTS].reasons = true;
	a->tables[TABLE_SITES].users = a->tables[TABLE_SITES].reasons = true;
	a->tables[TABLE_GROWTH].users = a->tables[TABLE_SYSCALLS].users = true;
}

bool answer_init(struct stat_answer *a, const struct stat_options *opt, const char *file)
{
	a->file = file ? strdup(file) : NULL;
	a->error = calloc(1, sizeof(*a->error));
	for (size_t i = 0; i < NWINDOWS; i++)
		a->facts.mmu[i] = 1;
	if (wants_summary(opt))
		init_summary(a);
	if (wants_holders(opt))
		table_init(&a->tables[TABLE_HOLDERS], SOURCE_HOLD, BY_SITE);
	if (opt->view->columns[0].name && view_table(opt->view) == TABLE_VIEW)
		table_init(&a->tables[TABLE_VIEW], opt->view->source, (enum stat_by)opt->by);
	return a->error && (!file || a->file);
}

void answer_release(struct stat_answer *a)
{
	for (size_t i = 0; i < NTABLES; i++)
		table_release(&a->tables[i]);
	util_release(&a->util);
	util_ends_release(&a->ends);
	free(a->error);
	free(a->file);
}

static void add_if_more(uint64_t *most, uint64_t value)
{
	if (value > *most)
		*most = value;
}

static void merge_facts(struct stat_facts *f, const struct stat_facts *from)
{
	f->nfiles += from->nfiles;
	f->nbroken += from->nbroken;
	f->nevents += from->nevents;
	f->ngenerations += from->ngenerations;
	f->duration_ns += from->duration_ns;
	f->goroutines_start += from->goroutines_start;
	f->created += from->created;
	f->ended += from->ended;
	f->live += from->live;
	f->collector_ns += from->collector_ns;
	f->util_ns += from->util_ns;
	add_if_more(&f->peak, from->peak);
	add_if_more(&f->nprocs, from->nprocs);
	add_if_more(&f->heap_max, from->heap_max);
	add_if_more(&f->heap_goal_max, from->heap_goal_max);
	f->heap_last = from->heap_last;
	for (size_t i = 0; i < NWINDOWS; i++) {
		if (from->mmu[i] < f->mmu[i]) {
			f->mmu[i] = from->mmu[i];
			f->mmu_at[i] = from->mmu_at[i];
		}
	}
	if (f->nfiles == from->nfiles) {
		f->start_ns = from->start_ns;
		f->end_ns = from->end_ns;
		f->from_ns = from->from_ns;
		f->to_ns = from->to_ns;
	}
}

/* Numbers of goroutines, tasks, processors and threads say nothing without their file. */
static bool needs_file(enum stat_by by)
{
	return by == BY_GOROUTINE || by == BY_TASK || by == BY_PROC || by == BY_THREAD;
}

static void merge_named(struct stat_table *t, const struct stat_table *from, const char *file)
{
	for (size_t i = 0; i < from->nrows && !t->no_memory; i++) {
		struct tt_str key = table_key(from, i);
		struct stat_table one = *from;
		char *text = NULL;
		int n;

		if (!table_has(from, i))
			continue;
		n = asprintf(&text, "%s:%.*s", file, (int)key.len, key.data);
		if (n < 0) {
			t->no_memory = true;
			return;
		}
		key = (struct tt_str){ text, (size_t)n };
		one.rows = &from->rows[i];
		one.nrows = 1;
		table_merge(t, &one, &key);
		free(text);
	}
}

void answer_merge(struct stat_answer *a, const struct stat_answer *from, bool many)
{
	merge_facts(&a->facts, &from->facts);
	a->status = worse(a->status, from->status);
	for (size_t i = 0; i < NTABLES; i++) {
		if (many && from->file && needs_file(from->tables[i].by))
			merge_named(&a->tables[i], &from->tables[i], from->file);
		else
			table_merge(&a->tables[i], &from->tables[i], NULL);
	}
}

static void get_minima(const struct stat_facts *f, struct util_minimum minima[NWINDOWS])
{
	for (size_t i = 0; i < NWINDOWS; i++)
		minima[i] = (struct util_minimum){ stat_windows[i], f->mmu[i], f->mmu_at[i] };
}

/* Minima over windows of both parts, which were merged as if no window lay in both. */
static void append_ends(struct stat_answer *a, const struct stat_facts *before,
			const struct stat_answer *part)
{
	bool has_seam = a->ends.head.n != 0 && part->ends.head.n != 0;
	struct util_minimum minima[NWINDOWS], others[NWINDOWS];

	get_minima(before, minima);
	get_minima(&part->facts, others);
	a->no_memory |= !util_ends_append(&a->ends, &part->ends, minima, others, NWINDOWS);
	for (size_t i = 0; i < NWINDOWS && has_seam; i++) {
		a->facts.mmu[i] = minima[i].util;
		a->facts.mmu_at[i] = minima[i].at_ns;
	}
}

void answer_append(struct stat_answer *a, const struct stat_answer *part)
{
	struct stat_facts before = a->facts, *f = &a->facts;

	merge_facts(f, &part->facts);
	f->nfiles = before.nfiles;
	f->nbroken = before.nbroken | part->facts.nbroken;
	f->goroutines_start = before.goroutines_start;
	f->live = part->facts.live;
	f->to_ns = part->facts.to_ns;
	append_ends(a, &before, part);
	a->status = worse(a->status, part->status);
	for (size_t i = 0; i < NTABLES; i++)
		table_merge(&a->tables[i], &part->tables[i], NULL);
}

int answer_check(const struct stat_answer *a)
{
	bool no_memory = a->no_memory;

	for (size_t i = 0; i < NTABLES; i++)
		no_memory |= a->tables[i].no_memory;
	if (no_memory)
		cmd_error(a->file, "not enough memory for the statistics");
	return no_memory ? STATUS_TROUBLE : STATUS_FINE;
}
