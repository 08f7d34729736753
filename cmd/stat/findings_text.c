/* SPDX-License-Identifier: MIT */
/* findings_text.c - findings in words. Command layer. */
#include <stdio.h>

#include "cli/units.h"
#include "findings.h"

const char *finding_name(const struct finding *x)
{
	static const char *const names[] = {
		[FINDING_LOCK] = "lock",           [FINDING_POOL] = "pool",
		[FINDING_QUEUE] = "queue",         [FINDING_COLLECTOR] = "collector",
		[FINDING_PAUSE] = "pause",         [FINDING_SYSCALL] = "syscall",
		[FINDING_RUNNABLE] = "runnable",   [FINDING_GROWTH] = "growth",
	};

	return names[x->kind];
}

/* " in main.get (2.4 at any time; 93 waits)" */
static char *put_queue(struct out *o, char *p, const struct finding *x)
{
	p = out_room(o, out_escaped(o, put_lit(p, " in "), x->name));
	if (x->nothers > 0)
		p = put_count(put_lit(p, " and "), x->nothers, "other function");
	p += sprintf(p, "\n(%.1f at any time; ",
		     (double)x->total_ns / (double)x->a->facts.duration_ns);
	return put_lit(put_u64(p, x->n), " waits)");
}

static char *put_lock(struct out *o, char *p, const struct finding *x)
{
	p = put_queue(o, put_lit(p, "goroutines queue for a lock"), x);
	p = out_room(o, out_escaped(o, put_lit(p, ";\n"), x->holder));
	p = put_duration(put_lit(p, " held it for "), (int64_t)x->held_ns);
	return put_duration(put_lit(p, ", once for "), x->ns);
}

static char *put_pool(struct out *o, char *p, const struct finding *x)
{
	p = put_queue(o, put_lit(p, "goroutines wait for one another"), x);
	p = out_room(o, out_escaped(o, put_lit(p, ";\n"), x->holder));
	return put_duration(put_lit(p, " lets the next one go on, after about "), (int64_t)x->held_ns);
}

static char *put_collector(struct out *o, char *p, const struct finding *x)
{
	const struct stat_facts *f = &x->a->facts;

	p += sprintf(p, "the collector takes %.1f %% of the processors,\nup to %.1f %% in 10ms",
		     100 * (double)f->collector_ns / (double)f->util_ns,
		     100 - 100 * f->mmu[FINDING_WINDOW]);
	if (x->holder.len == 0)
		return p;
	p = out_room(o, out_escaped(o, put_lit(p, ";\n"), x->holder));
	return put_duration(put_lit(p, " assists for "), (int64_t)x->held_ns);
}

static char *put_growth(struct out *o, char *p, const struct finding *x)
{
	p = put_u64(put_lit(p, "goroutines pile up: "), x->n);
	p = put_u64(put_lit(p, " created, "), x->ended);
	return out_escaped(o, put_lit(p, " ended:\n"), x->name);
}

static char *put_long(struct out *o, char *p, const struct finding *x, const char *what,
		      const char *whose)
{
	p = put_cstr(put_duration(put_cstr(p, what), x->ns), whose);
	return out_escaped(o, p, x->name);
}

static char *put_sentence(struct out *o, char *p, const struct finding *x)
{
	switch (x->kind) {
	case FINDING_LOCK:
		return put_lock(o, p, x);
	case FINDING_POOL:
		return put_pool(o, p, x);
	case FINDING_QUEUE:
		return put_queue(o, put_cstr(p, x->reason.data[0] == 'c' ? "goroutines queue to send"
									 : "threads queue for a lock"), x);
	case FINDING_COLLECTOR:
		return put_collector(o, p, x);
	case FINDING_PAUSE:
		return put_long(o, p, x, "the world stood still for ", ",\n");
	case FINDING_SYSCALL:
		return put_long(o, p, x, "a syscall held its processor for ", ",\nin ");
	case FINDING_RUNNABLE:
		return put_long(o, p, x, "a goroutine was runnable for ", ",\nof ");
	case FINDING_GROWTH:
		return put_growth(o, p, x);
	}
	return p;
}

void finding_text(struct out *text, const struct finding *x)
{
	out_init_memory(text);
	out_end(text, put_sentence(text, out_begin(text), x));
}
