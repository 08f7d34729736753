/* SPDX-License-Identifier: MIT */
/* go_json.c - Go's summary as one JSON object, with the members of Go's names. Command layer. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "go.h"

static char *put_time_or_null(char *p, const char *key, bool has, int64_t ns)
{
	return has ? json_i64(p, key, ns) : json_null(p, key);
}

static char *put_name(const struct go_summary *s, struct out *o, char *p, const char *key,
		      uint32_t name)
{
	p = json_key(out_room(o, p), key);
	return out_room(o, out_json(o, p, texts_at(&s->texts, name)));
}

/* ---- sums by name, in the order of the names */

static const struct texts *sorted_texts;

static int by_name(const void *a, const void *b)
{
	struct tt_str x = texts_at(sorted_texts, ((const struct go_sum *)a)->name);
	struct tt_str y = texts_at(sorted_texts, ((const struct go_sum *)b)->name);
	int order = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);

	return order != 0 ? order : x.len < y.len ? -1 : x.len > y.len;
}

static char *put_sums(const struct go_summary *s, struct out *o, char *p, const char *key,
		      const struct go_sums *sums)
{
	sorted_texts = &s->texts;
	if (sums->n > 1)
		qsort(sums->at, sums->n, sizeof(*sums->at), by_name);
	p = put_char(json_key(p, key), '{');
	for (size_t i = 0; i < sums->n; i++) {
		if (i > 0)
			p = put_char(p, ',');
		p = out_room(o, out_json(o, p, texts_at(&s->texts, sums->at[i].name)));
		p = put_i64(put_char(p, ':'), sums->at[i].ns);
	}
	return out_room(o, put_char(p, '}'));
}

static char *put_stats(const struct go_summary *s, struct out *o, char *p,
		       const struct go_stats *stats)
{
	p = json_i64(p, "exec", stats->exec);
	p = json_i64(p, "sched", stats->sched);
	p = put_sums(s, o, p, "blocks", &stats->blocks);
	p = json_i64(p, "syscall", stats->syscall);
	p = json_i64(p, "syscall_block", stats->syscall_block);
	p = json_i64(p, "total", stats->total);
	p = json_i64(p, "unknown", go_stats_unknown(stats));
	return put_sums(s, o, p, "ranges", &stats->ranges);
}

/* ---- goroutines and their regions */

static char *put_regions(const struct go_summary *s, struct out *o, char *p,
			 const struct go_goroutine *g)
{
	if (g->regions.n == 0)
		return json_null(p, "regions");
	p = put_char(json_key(p, "regions"), '[');
	for (size_t i = 0; i < g->regions.n; i++) {
		const struct go_region *r = &g->regions.at[i];

		p = put_cstr(p, i > 0 ? ",{\"task\":" : "{\"task\":");
		p = put_i64(p, (int64_t)r->task);
		p = put_name(s, o, p, "name", r->name);
		p = json_i64(p, "goroutine", g->id);
		p = put_time_or_null(p, "start", r->has_start, r->start);
		p = put_time_or_null(p, "end", r->has_end, r->end);
		p = out_room(o, put_char(put_stats(s, o, p, &r->stats), '}'));
	}
	return put_char(p, ']');
}

/* Of those with the same number the last one counts. */
static bool counts(const struct go_summary *s, size_t i)
{
	return id_map_find(&s->goroutine_ids, (uint64_t)s->goroutines[i].id) == i;
}

static const struct go_summary *sorted;

static int by_goroutine(const void *a, const void *b)
{
	int64_t x = sorted->goroutines[*(const size_t *)a].id;
	int64_t y = sorted->goroutines[*(const size_t *)b].id;

	return x < y ? -1 : x > y;
}

static int by_task(const void *a, const void *b)
{
	uint64_t x = sorted->tasks[*(const size_t *)a].id;
	uint64_t y = sorted->tasks[*(const size_t *)b].id;

	return x < y ? -1 : x > y;
}

static char *put_goroutine(const struct go_summary *s, struct out *o, char *p,
			   const struct go_goroutine *g)
{
	p = put_i64(put_lit(p, "{\"id\":"), g->id);
	p = put_name(s, o, p, "name", g->name);
	p = json_i64(p, "creation", g->creation);
	p = json_i64(p, "start", g->start);
	p = json_i64(p, "end", g->end);
	p = put_regions(s, o, p, g);
	return out_room(o, put_char(put_stats(s, o, p, &g->stats), '}'));
}

static char *put_goroutines(const struct go_summary *s, struct out *o, char *p, size_t *order)
{
	size_t n = 0;

	for (size_t i = 0; i < s->ngoroutines; i++) {
		if (counts(s, i))
			order[n++] = i;
	}
	if (n == 0)
		return json_null(p, "goroutines");
	qsort(order, n, sizeof(*order), by_goroutine);
	p = put_char(json_key(p, "goroutines"), '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			p = put_char(p, ',');
		p = put_goroutine(s, o, p, &s->goroutines[order[i]]);
	}
	return put_char(p, ']');
}

/* ---- tasks */

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static char *put_task(const struct go_summary *s, struct out *o, char *p, const struct go_task *t)
{
	p = put_u64(put_lit(p, "{\"id\":"), t->id);
	p = put_name(s, o, p, "name", t->name);
	p = t->has_parent ? json_u64(p, "parent", t->parent) : json_null(p, "parent");
	p = put_time_or_null(p, "start", t->has_start, t->start);
	p = put_time_or_null(p, "end", t->has_end, t->end);
	p = json_u64(p, "logs", t->nlogs);
	p = json_u64(p, "regions", t->nregions);
	if (t->n == 0)
		return out_room(o, put_char(json_null(p, "goroutines"), '}'));
	qsort(t->goroutines, t->n, sizeof(*t->goroutines), by_id);
	p = put_char(json_key(p, "goroutines"), '[');
	for (size_t i = 0; i < t->n; i++) {
		if (i > 0)
			p = put_char(p, ',');
		p = out_room(o, put_i64(p, t->goroutines[i]));
	}
	return out_room(o, put_lit(p, "]}"));
}

static char *put_tasks(const struct go_summary *s, struct out *o, char *p, size_t *order)
{
	if (s->ntasks == 0)
		return json_null(p, "tasks");
	for (size_t i = 0; i < s->ntasks; i++)
		order[i] = i;
	qsort(order, s->ntasks, sizeof(*order), by_task);
	p = put_char(json_key(p, "tasks"), '[');
	for (size_t i = 0; i < s->ntasks; i++) {
		if (i > 0)
			p = put_char(p, ',');
		p = put_task(s, o, p, &s->tasks[order[i]]);
	}
	return put_char(p, ']');
}

/* ---- utilization */

static char *put_util(char *p, struct util *u)
{
	static const int64_t windows[] = { 100000, 1000000, 10000000, 100000000, 1000000000 };
	double minimum = util_minimum(u, windows[0], NULL);

	if (isnan(minimum))
		return put_lit(p, "null");
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		minimum = util_minimum(u, windows[i], NULL);
		p += sprintf(p, "%s\"%" PRId64 "\":%.17g", i == 0 ? "{" : ",", windows[i], minimum);
	}
	return put_char(p, '}');
}

void go_summary_json(struct go_summary *s, bool ok, struct out *o)
{
	static const char *const names[GO_NUTILS] = {
		"stw", "stw,background,assist", "stw,background,assist,sweep",
	};
	size_t n = s->ngoroutines > s->ntasks ? s->ngoroutines : s->ntasks;
	size_t *order = calloc(n + 1, sizeof(*order));
	char *p = out_begin(o);

	if (!order) {
		o->error = o->error ? o->error : ENOMEM;
		return;
	}
	sorted = s;
	p = put_cstr(p, ok ? "{\"ok\":true" : "{\"ok\":false");
	p = json_i64(p, "first", s->first);
	p = json_i64(p, "last", s->last);
	p = put_goroutines(s, o, p, order);
	p = put_tasks(s, o, p, order);
	p = put_lit(p, ",\"mmu\":{");
	for (size_t i = 0; i < GO_NUTILS; i++) {
		p = put_cstr(put_cstr(put_cstr(p, i > 0 ? ",\"" : "\""), names[i]), "\":");
		p = put_util(p, &s->utils[i]);
	}
	out_end(o, put_lit(p, "}}\n"));
	free(order);
}
