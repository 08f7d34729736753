/* SPDX-License-Identifier: MIT */
/*
 * worth.c - what a summary says is worth a look: causes of trouble that the numbers show, each
 * with the time and a command that shows the events there. Command layer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "holders.h"
#include "worth.h"

#define LONG_RUNNABLE_NS INT64_C(50000000)
#define LONG_PAUSE_NS INT64_C(10000000)
#define LONG_HELD_NS INT64_C(10000000)
#define MUCH_COLLECTOR 25.0
/* A queue: so many waits at a place, and so many goroutines there at any time. */
#define QUEUE_MIN 10
#define QUEUE_WAITING 0.5
/* A leak: so many that did not end, and their part, and the part of the time over which they
 * were created. */
#define LEAK_MIN 20
#define LEAK_PART 0.25
#define LEAK_TIME 0.25

struct worth {
	const struct summary *s;
	size_t *n;              /* findings so far, of all files */
};

/* So many are printed. */
enum { WORTH_MOST = 20 };

/* ---- pieces */

static char *begin(struct worth *w)
{
	char *p = put_cstr(out_begin(w->s->o), *w->n == 0 ? "worth a look\n" : "");

	++*w->n;
	return put_lit(p, "  ");
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("_./:,@%+=-", c);
}

/* As a shell reads it. */
static char *put_word(struct out *o, char *p, const char *word)
{
	bool plain = word[0] != '\0';

	/* (else it would be an option) */
	if (word[0] == '-')
		p = put_lit(p, "./");
	for (const char *c = word; *c; c++)
		plain = plain && is_plain(*c);
	if (plain)
		return out_cstr(o, p, word);
	p = put_char(p, '\'');
	for (const char *c = word; *c; c++)
		p = *c == '\'' ? put_lit(out_room(o, p), "'\\''") : put_char(out_room(o, p), *c);
	return put_char(p, '\'');
}

/* A name with a control character is better typed than pasted. */
static bool has_name(const struct summary *s)
{
	if (s->a->facts.nfiles != 1 || !s->a->file)
		return false;
	for (const char *c = s->a->file; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	}
	return true;
}

/* What the commands must be given to read the same. */
static char *put_file(const struct summary *s, char *p)
{
	const struct opt_list *specs = &s->opt->common.specs;
	bool standard_input = strcmp(s->a->file, cmd_input_name("-")) == 0;

	for (size_t i = 0; i < specs->n; i++)
		p = out_room(s->o, put_word(s->o, put_lit(p, " --spec "), specs->items[i]));

	if (standard_input)
		return put_lit(p, " -");
	return put_word(s->o, put_char(p, ' '), s->a->file);
}

/* Ends the finding: a command that shows this time, ready to be pasted, or the time alone. */
static void end_with_time(const struct worth *w, char *p, int64_t at_ns, int64_t ns, int64_t id)
{
	const struct summary *s = w->s;
	int64_t from = at_ns - s->a->facts.start_ns;

	p = out_room(s->o, p);
	if (!has_name(s)) {
		out_end(s->o, put_char(put_at(s, p, at_ns), '\n'));
		return;
	}
	p = put_seconds(put_lit(p, ":\n    tracetool dump --from "), from > 0 ? from : 0);
	p = put_lit(put_seconds(put_lit(p, "s --to "), from + ns), "s");
	if (id != TT_NONE)
		p = put_i64(put_lit(p, " -G "), id);
	out_end(s->o, put_char(out_room(s->o, put_file(s, p)), '\n'));
}

/* A command that says more: "stat gc --by site". */
static void print_command(const struct worth *w, const char *command)
{
	const struct summary *s = w->s;
	char *p;

	if (!has_name(s))
		return;
	p = put_cstr(put_lit(out_begin(s->o), "    tracetool "), command);
	out_end(s->o, put_char(out_room(s->o, put_file(s, p)), '\n'));
}

/* The row with the longest of a measure; -1: there is none. Of ranges, those whose key begins
 * like this. */
static ptrdiff_t longest_row(const struct stat_table *t, unsigned measure, const char *key)
{
	ptrdiff_t best = -1;

	for (size_t i = 0; i < t->nrows; i++) {
		const struct dist *d = &t->rows[i]->d[measure];
		struct tt_str name = table_key(t, i);

		if (d->n == 0 || name.len < strlen(key) || memcmp(name.data, key, strlen(key)) != 0)
			continue;
		if (best < 0 || d->max_ns > t->rows[best]->d[measure].max_ns)
			best = (ptrdiff_t)i;
	}
	return best;
}

/* ---- what took long */

static void print_runnable(struct worth *w)
{
	const struct stat_table *t = &w->s->a->tables[TABLE_STATES];
	ptrdiff_t row = longest_row(t, STATES_RUNNABLE, "");
	const struct dist *d = row < 0 ? NULL : &t->rows[row]->d[STATES_RUNNABLE];
	char *p;

	if (!d || d->max_ns < LONG_RUNNABLE_NS)
		return;
	p = put_duration(put_lit(begin(w), "a goroutine was runnable for "), d->max_ns);
	p = out_escaped(w->s->o, put_lit(p, ", of "), table_key(t, (size_t)row));
	end_with_time(w, p, d->max_at_ns, d->max_ns, d->max_id);
	/* who ran instead */
	print_command(w, "stat goroutines --sort running");
}

static void print_pause(struct worth *w)
{
	const struct stat_table *t = &w->s->a->tables[TABLE_RANGES];
	ptrdiff_t row = longest_row(t, 0, "stop-the-world");
	const struct dist *d = row < 0 ? NULL : &t->rows[row]->d[0];
	char *p;

	if (!d || d->max_ns < LONG_PAUSE_NS)
		return;
	p = put_duration(put_lit(begin(w), "the world stood still for "), d->max_ns);
	p = out_escaped(w->s->o, put_lit(p, ", "), table_key(t, (size_t)row));
	end_with_time(w, p, d->max_at_ns, d->max_ns, d->max_id);
}

/* Each thread of a native program has a processor of its own, which nobody else wants. */
static bool is_native(const struct stat_answer *a)
{
	return texts_find(&a->tables[TABLE_STATES].keys, str_of(NATIVE_FLUSHER)) != NUMBER_NONE;
}

static void print_syscall(struct worth *w)
{
	const struct stat_table *t = &w->s->a->tables[TABLE_SYSCALLS];
	ptrdiff_t row = longest_row(t, SYSCALL_HELD, "");
	const struct dist *d = row < 0 ? NULL : &t->rows[row]->d[SYSCALL_HELD];
	char *p;

	if (!d || d->max_ns < LONG_HELD_NS || is_native(w->s->a))
		return;
	p = put_duration(put_lit(begin(w), "a syscall held its processor for "), d->max_ns);
	p = out_escaped(w->s->o, put_lit(p, ", in "), table_key(t, (size_t)row));
	end_with_time(w, p, d->max_at_ns, d->max_ns, d->max_id);
}

/* ---- goroutines that only grow */

/* Many of a function did not end, and they were created all the time, not all at the start. */
static bool is_leak(const struct stat_facts *f, const struct stat_row *row)
{
	const struct dist *left = &row->d[GROWTH_LEFT];

	return left->n >= LEAK_MIN &&
	       (double)left->n >= LEAK_PART * (double)row->d[GROWTH_CREATED].n &&
	       (double)(left->max_ns - left->min_ns) >= LEAK_TIME * (double)f->duration_ns;
}

static void print_growing(struct worth *w)
{
	const struct stat_table *t = &w->s->a->tables[TABLE_GROWTH];

	for (size_t i = 0; i < t->nrows; i++) {
		const struct dist *created = &t->rows[i]->d[GROWTH_CREATED];
		const struct dist *left = &t->rows[i]->d[GROWTH_LEFT];
		char *p;

		if (!is_leak(&w->s->a->facts, t->rows[i]))
			continue;
		p = put_u64(put_lit(begin(w), "goroutines pile up: "), created->n);
		p = put_u64(put_lit(p, " created, "), created->n - left->n);
		p = out_escaped(w->s->o, put_lit(p, " ended: "), table_key(t, i));
		/* the whole life of the oldest */
		end_with_time(w, p, left->max_at_ns, left->max_ns, left->max_id);
	}
}

/* ---- the collector */

static void print_collector(struct worth *w)
{
	/* the window of 10 ms, which is short enough to be read */
	const unsigned window = 1;
	const struct stat_facts *f = &w->s->a->facts;
	double part = summary_value(w->s, "gc.cpu");
	int64_t ns = stat_windows[window];
	char *p;

	if (part < MUCH_COLLECTOR)
		return;
	if (f->nfiles == 1 && ns > f->end_ns - f->mmu_at[window])
		ns = f->end_ns - f->mmu_at[window];
	p = put_percent(put_lit(begin(w), "the collector takes "), part);
	p = put_percent(put_lit(p, " of the processors, up to "), 100 - 100 * f->mmu[window]);
	end_with_time(w, put_lit(p, " in 10ms"), f->mmu_at[window], ns, TT_NONE);
	print_command(w, "stat gc --by site");
}

/* ---- queues */

static double waiting_at_a_time(const struct worth *w, uint64_t waited_ns)
{
	return (double)waited_ns / (double)w->s->a->facts.duration_ns;
}

static bool is_queue(const struct worth *w, uint64_t n, uint64_t waited_ns)
{
	return n >= QUEUE_MIN && waiting_at_a_time(w, waited_ns) >= QUEUE_WAITING;
}

/* " in main.get (2.4 at any time; 93 waits)" */
static char *put_queue(const struct worth *w, char *p, struct tt_str place, uint64_t n,
		       uint64_t waited_ns)
{
	p = out_room(w->s->o, out_escaped(w->s->o, put_lit(p, " in "), place));
	p += sprintf(p, " (%.1f at any time; ", waiting_at_a_time(w, waited_ns));
	return put_lit(put_u64(p, n), " waits)");
}

/* Places where many wait, by the end of their keys. (Who waits to receive may have nothing to
 * do; locks of Go programs have holders, below.) */
static const struct {
	const char *suffix, *what, *command;
} queues[] = {
	{ ": chan send", "goroutines queue to send", "stat blocks --by waker" },
	{ ": sync mutex", "threads queue for a lock", "stat locks --by stack" },
	{ ": sync rwlock", "threads queue for a lock", "stat locks --by stack" },
};

static bool take_suffix(struct tt_str *key, const char *suffix)
{
	size_t len = strlen(suffix);

	if (key->len < len || memcmp(key->data + key->len - len, suffix, len) != 0)
		return false;
	key->len -= len;
	return true;
}

static void print_queues(struct worth *w)
{
	const struct stat_table *t = &w->s->a->tables[TABLE_SITES];

	for (size_t i = 0; i < t->nrows; i++) {
		const struct dist *d = &t->rows[i]->d[0];
		struct tt_str key = table_key(t, i);
		size_t k = 0;
		char *p;

		while (k < ARRAY_SIZE(queues) && !take_suffix(&key, queues[k].suffix))
			k++;
		if (k == ARRAY_SIZE(queues) || !is_queue(w, d->n, d->sum_ns))
			continue;
		p = put_queue(w, put_cstr(begin(w), queues[k].what), key, d->n, d->sum_ns);
		end_with_time(w, p, d->max_at_ns, d->max_ns, d->max_id);
		print_command(w, queues[k].command);
	}
}

/* ---- locks */

/* The waits for a lock at one place, whoever held it. */
struct convoy {
	struct tt_str place;
	uint64_t n, waited_ns;
	const struct stat_row *holder;  /* who held it for the longest time in all */
	struct tt_str holder_place;
};

/* "main.get <- main.refill" into both; a place has no arrow in its name. */
static void split_key(struct tt_str key, struct tt_str *waiter, struct tt_str *holder)
{
	static const char arrow[] = HOLDERS_ARROW;
	const char *at = memmem(key.data, key.len, arrow, sizeof(arrow) - 1);
	size_t n = at ? (size_t)(at - key.data) : key.len;

	*waiter = (struct tt_str){ key.data, n };
	n += at ? sizeof(arrow) - 1 : 0;
	*holder = (struct tt_str){ key.data + n, key.len - n };
}

static void add_row(struct convoy *c, const struct stat_row *row, struct tt_str holder)
{
	c->n += row->d[HOLD_WAIT].n;
	c->waited_ns += row->d[HOLD_WAIT].sum_ns;
	if (!c->holder || row->d[HOLD_HELD].sum_ns > c->holder->d[HOLD_HELD].sum_ns) {
		c->holder = row;
		c->holder_place = holder;
	}
}

/* The places of the table, by the numbers of their names: how many. NULL in *out: no memory. */
static size_t collect_convoys(const struct stat_table *t, struct convoy **out)
{
	struct texts places = { 0 };
	size_t n = 0;
	bool fine = true;

	*out = calloc(t->nrows + 1, sizeof(**out));
	for (size_t i = 0; *out && fine && i < t->nrows; i++) {
		struct tt_str waiter, holder;
		uint32_t number;

		if (!table_has(t, i))
			continue;
		split_key(table_key(t, i), &waiter, &holder);
		number = texts_number(&places, waiter);
		fine = number != NUMBER_NONE;
		if (!fine)
			break;
		n = number + 1U > n ? number + 1U : n;
		(*out)[number].place = waiter;
		add_row(&(*out)[number], t->rows[i], holder);
	}
	texts_release(&places);
	if (!fine) {
		free(*out);
		*out = NULL;
	}
	return n;
}

static void print_convoy(struct worth *w, const struct convoy *c)
{
	const struct dist *held = &c->holder->d[HOLD_HELD];
	char *p;

	if (!is_queue(w, c->n, c->waited_ns))
		return;
	p = put_queue(w, put_lit(begin(w), "goroutines queue for a lock"), c->place, c->n, c->waited_ns);
	p = put_lit(p, ";\n    ");
	p = out_room(w->s->o, out_escaped(w->s->o, p, c->holder_place));
	p = put_sum(put_lit(p, " held it for "), held);
	p = put_duration(put_lit(p, ", once for "), held->max_ns);
	end_with_time(w, p, held->max_at_ns, held->max_ns, TT_NONE);
	print_command(w, "stat holders");
}

static void print_convoys(struct worth *w)
{
	struct convoy *all;
	size_t n = collect_convoys(&w->s->a->tables[TABLE_HOLDERS], &all);

	if (!all)
		w->s->o->error = ENOMEM;
	for (size_t i = 0; all && i < n; i++) {
		if (all[i].holder)
			print_convoy(w, &all[i]);
	}
	free(all);
}

static void print_findings(const struct summary *s, size_t *n)
{
	struct worth w = { s, n };

	print_runnable(&w);
	print_pause(&w);
	print_syscall(&w);
	print_convoys(&w);
	print_queues(&w);
	print_growing(&w);
	print_collector(&w);
}

size_t print_worth(const struct summary *s, size_t *n)
{
	struct summary counted = *s;
	struct out dropped;
	size_t before = *n;

	if (*n < WORTH_MOST) {
		print_findings(s, n);
		return 0;
	}
	out_init_memory(&dropped);
	counted.o = &dropped;
	print_findings(&counted, n);
	out_release_memory(&dropped);
	return *n - before;
}

void print_worth_rest(struct out *o, size_t nhidden)
{
	char *p;

	if (nhidden == 0)
		return;
	p = put_u64(put_lit(out_begin(o), "  ... and "), nhidden);
	out_end(o, put_lit(p, " more: `tracetool stat FILE` shows those of one file\n"));
}
