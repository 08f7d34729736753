/* SPDX-License-Identifier: MIT */
/*
 * partial.c - --partial: the answer about one trace as a line of JSON, with all that is needed
 * to add it to others. merge.c reads it.
 *
 *	{"partial":1,"view":"blocks","by":"reason","file":"a.trace","status":0,
 *	 "facts":{"nfiles":1,...,"mmu":[[0.5,123],...]},
 *	 "tables":[{"table":7,"rows":[
 *	  {"key":"chan receive","d":[{"n":2,"sum":30,"min":10,"max":20,"at":5,"id":1,
 *	   "few":[10,20]}]}]}],
 *	 "utilization":{"from_ns":0,"to_ns":900,"head":[0,1,300,0.5],"tail":[0,1,300,0.5]}}
 *
 * Utilization is there with a summary: how it begins and ends, each time after the one before
 * it, and its value from there on (util_ends.h).
 * A distribution has either `few`, the durations, or `buckets`, pairs of a bucket's number
 * and its count. Command layer.
 */
#include "partial.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/json.h"

#define FACT(name) { #name, offsetof(struct stat_facts, name) }
const struct fact_name fact_names[] = {
	FACT(nfiles), FACT(nbroken), FACT(nevents), FACT(ngenerations), FACT(duration_ns),
	FACT(goroutines_start), FACT(created), FACT(ended), FACT(peak), FACT(live), FACT(nprocs),
	FACT(heap_max), FACT(heap_goal_max), FACT(heap_last), FACT(collector_ns), FACT(util_ns),
	{ NULL, 0 },
};

static char *put_facts(struct out *o, char *p, const struct stat_facts *f)
{
	p = put_i64(put_lit(p, ",\"facts\":{\"start_ns\":"), f->start_ns);
	p = json_i64(p, "end_ns", f->end_ns);
	p = json_i64(json_i64(out_room(o, p), "from_ns", f->from_ns), "to_ns", f->to_ns);
	for (size_t i = 0; fact_names[i].name; i++) {
		const char *at = (const char *)f + fact_names[i].at;

		p = json_u64(out_room(o, p), fact_names[i].name, *(const uint64_t *)(const void *)at);
	}
	p = put_lit(p, ",\"mmu\":[");
	for (size_t i = 0; i < NWINDOWS; i++)
		p += sprintf(p, "%s[%.17g,%" PRId64 "]", i > 0 ? "," : "", f->mmu[i], f->mmu_at[i]);
	return out_room(o, put_lit(p, "]}"));
}

/* Each time is the one after that before, the first after `from_ns`. */
static char *put_piece(struct out *o, char *p, const struct util_piece *piece, int64_t from_ns)
{
	for (size_t i = 0; i < piece->n; i++) {
		p = put_i64(out_room(o, put_cstr(p, i > 0 ? "," : "")), piece->at[i].time_ns - from_ns);
		p += sprintf(p, ",%.17g", piece->at[i].util);
		from_ns = piece->at[i].time_ns;
	}
	return put_char(out_room(o, p), ']');
}

static char *put_ends(struct out *o, char *p, const struct util_ends *e)
{
	p = put_i64(put_lit(p, ",\"utilization\":{\"from_ns\":"), e->from_ns);
	p = put_lit(json_i64(p, "to_ns", e->to_ns), ",\"head\":[");
	p = put_piece(o, p, &e->head, e->from_ns);
	p = put_piece(o, put_lit(p, ",\"tail\":["), &e->tail, e->from_ns);
	return put_char(p, '}');
}

static char *put_dist(struct out *o, char *p, const struct dist *d)
{
	bool first = true;

	p = put_u64(put_lit(p, "{\"n\":"), d->n);
	if (d->n == 0)
		return put_char(p, '}');
	p = json_u64(p, "sum", d->sum_ns);
	p = json_i64(p, "min", d->min_ns);
	p = json_i64(p, "max", d->max_ns);
	p = json_i64(p, "at", d->max_at_ns);
	p = json_i64(p, "id", d->max_id);
	p = put_cstr(p, d->nbuckets == 0 ? ",\"few\":[" : ",\"buckets\":[");
	for (uint64_t i = 0; i < (d->nbuckets == 0 ? d->n : d->nbuckets); i++) {
		if (d->nbuckets > 0 && d->at[i] == 0)
			continue;
		p = out_room(o, put_cstr(p, first ? "" : ","));
		first = false;
		if (d->nbuckets > 0)
			p = put_char(put_u64(put_char(p, '['), d->first + i), ',');
		p = put_u64(p, d->at[i]);
		if (d->nbuckets > 0)
			p = put_char(p, ']');
	}
	return out_room(o, put_lit(p, "]}"));
}

static char *put_table(struct out *o, char *p, const struct stat_table *t)
{
	bool first = true;

	p = put_lit(p, ",\"rows\":[");
	for (size_t i = 0; i < t->nrows; i++) {
		if (!table_has(t, i))
			continue;
		p = put_cstr(p, first ? "{\"row\":1" : ",{\"row\":1");
		first = false;
		p = json_str(o, p, "key", table_key(t, i));
		p = put_lit(out_room(o, p), ",\"d\":[");
		for (unsigned m = 0; m < t->nmeasures; m++)
			p = put_dist(o, put_cstr(p, m > 0 ? "," : ""), &t->rows[i]->d[m]);
		p = out_room(o, put_lit(p, "]}"));
	}
	return put_char(p, ']');
}

void print_partial(const struct stat_answer *a, const struct stat_options *opt)
{
	struct out *o = &out_stdout;
	char *p = put_lit(out_begin(o), "{\"partial\":1");
	bool first = true;

	p = json_word(p, "view", opt->view->name);
	p = json_word(p, "by", by_name((enum stat_by)opt->by));
	p = out_room(o, json_str(o, p, "file", str_of(a->file)));
	p = json_i64(p, "status", a->status);
	p = put_facts(o, p, &a->facts);
	p = put_lit(p, ",\"tables\":[");
	for (size_t i = 0; i < NTABLES; i++) {
		if (a->tables[i].nmeasures == 0)
			continue;
		p = put_u64(put_cstr(p, first ? "\n{\"table\":" : ",\n{\"table\":"), i);
		p = json_u64(p, "measures", a->tables[i].nmeasures);
		p = put_char(put_table(o, p, &a->tables[i]), '}');
		first = false;
	}
	p = put_char(p, ']');
	if (a->ends.head.n > 0)
		p = put_ends(o, out_room(o, p), &a->ends);
	out_end(o, put_lit(p, "}\n"));
}
