/* SPDX-License-Identifier: MIT */
/* merge.c - --merge: reads what --partial printed (partial.c says what), and adds it up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "partial.h"

/* ---- one line */

static void read_facts(struct parse *p, struct stat_facts *f)
{
	parse_begin(p, '{');
	while (parse_member(p)) {
		size_t i = 0;

		while (fact_names[i].name && !parse_key_is(p, fact_names[i].name))
			i++;
		if (fact_names[i].name) {
			*(uint64_t *)(void *)((char *)f + fact_names[i].at) = parse_u64(p);
		} else if (parse_key_is(p, "start_ns")) {
			f->start_ns = parse_i64(p);
		} else if (parse_key_is(p, "end_ns")) {
			f->end_ns = parse_i64(p);
		} else if (parse_key_is(p, "from_ns")) {
			f->from_ns = parse_i64(p);
		} else if (parse_key_is(p, "to_ns")) {
			f->to_ns = parse_i64(p);
		} else if (parse_key_is(p, "mmu")) {
			parse_begin(p, '[');
			for (i = 0; parse_element(p); i++) {
				parse_begin(p, '[');
				if (i >= NWINDOWS || !parse_element(p)) {
					p->wrong = true;
					return;
				}
				f->mmu[i] = parse_double(p);
				if (parse_element(p))
					f->mmu_at[i] = parse_i64(p);
				if (parse_element(p))
					p->wrong = true;
			}
		} else {
			parse_skip(p);
		}
	}
}

/* Its times are counted from the start of the function. */
static bool read_piece(struct parse *p, struct util_piece *piece)
{
	uint64_t ns = 0;
	bool fine = true;

	parse_begin(p, '[');
	while (fine && parse_element(p)) {
		ns += parse_u64(p);
		fine = ns <= INT64_MAX && parse_element(p) &&
		       util_piece_add(piece, (int64_t)ns, parse_double(p));
	}
	return fine;
}

static bool shift_piece(struct util_piece *piece, int64_t by_ns)
{
	for (size_t i = 0; i < piece->n; i++) {
		if (__builtin_add_overflow(piece->at[i].time_ns, by_ns, &piece->at[i].time_ns))
			return false;
	}
	return true;
}

/* Whatever the order of its members is. */
static void read_ends(struct parse *p, struct util_ends *e)
{
	bool fine = true;

	parse_begin(p, '{');
	while (fine && parse_member(p)) {
		if (parse_key_is(p, "from_ns"))
			e->from_ns = parse_i64(p);
		else if (parse_key_is(p, "to_ns"))
			e->to_ns = parse_i64(p);
		else if (parse_key_is(p, "head"))
			fine = e->head.n == 0 && read_piece(p, &e->head);
		else if (parse_key_is(p, "tail"))
			fine = e->tail.n == 0 && read_piece(p, &e->tail);
		else
			parse_skip(p);
	}
	p->wrong |= !fine || !shift_piece(&e->head, e->from_ns) || !shift_piece(&e->tail, e->from_ns) ||
		    !util_ends_are_valid(e);
}

/* The durations or the buckets of a distribution, which are only counted here. */
static bool read_counts(struct parse *p, struct dist *d, bool few)
{
	bool fine = true;

	parse_begin(p, '[');
	while (fine && parse_element(p)) {
		if (few) {
			struct dist_item item = { .ns = (int64_t)parse_u64(p) };

			fine = d->n < DIST_FEW && dist_add(d, &item);
			continue;
		}
		parse_begin(p, '[');
		if (parse_element(p)) {
			uint64_t bucket = parse_u64(p), count = parse_element(p) ? parse_u64(p) : 0;

			fine = bucket < DIST_NBUCKETS && dist_add_bucket(d, (uint32_t)bucket, count);
			d->n += count;
		}
		if (parse_element(p))
			p->wrong = true;
	}
	return fine;
}

/* Whatever the order of its members is. */
static void read_dist(struct parse *p, struct dist *d)
{
	struct dist said = { 0 };
	bool fine = true;

	parse_begin(p, '{');
	while (fine && parse_member(p)) {
		if (parse_key_is(p, "n"))
			said.n = parse_u64(p);
		else if (parse_key_is(p, "sum"))
			said.sum_ns = parse_u64(p);
		else if (parse_key_is(p, "min"))
			said.min_ns = parse_i64(p);
		else if (parse_key_is(p, "max"))
			said.max_ns = parse_i64(p);
		else if (parse_key_is(p, "at"))
			said.max_at_ns = parse_i64(p);
		else if (parse_key_is(p, "id"))
			said.max_id = parse_i64(p);
		else if (parse_key_is(p, "few"))
			fine = d->n == 0 && read_counts(p, d, true);
		else if (parse_key_is(p, "buckets"))
			fine = d->n == 0 && read_counts(p, d, false);
		else
			parse_skip(p);
	}
	/* what it says of itself must be true as far as that can be seen */
	if (!fine || said.n != d->n || (d->n > DIST_FEW) != (d->nbuckets > 0))
		p->wrong = true;
	d->sum_ns = said.sum_ns;
	d->min_ns = said.min_ns;
	d->max_ns = said.max_ns;
	d->max_at_ns = said.max_at_ns;
	d->max_id = said.max_id;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A text's own bytes, where it is not UTF-8. */
static struct tt_str read_bytes(struct parse *p)
{
	struct tt_str hex = parse_text(p);
	size_t n = 0;

	for (size_t i = 0; i + 1 < hex.len; i += 2) {
		int high = digit_of(hex.data[i]), low = digit_of(hex.data[i + 1]);

		p->wrong |= high < 0 || low < 0;
		p->text[n++] = (char)((unsigned)high << 4 | (unsigned)low);
	}
	return (struct tt_str){ p->text, n };
}

static void read_row(struct parse *p, struct stat_table *t)
{
	struct stat_row *row = NULL, read = { 0 };
	struct tt_str key;
	char *copy = NULL;
	size_t len = 0;
	unsigned m = 0;

	parse_begin(p, '{');
	while (parse_member(p)) {
		if (parse_key_is(p, "key") || parse_key_is(p, "key_hex")) {
			key = parse_key_is(p, "key") ? parse_text(p) : read_bytes(p);
			free(copy);
			len = key.len;
			copy = malloc(len + 1);
			if (!copy)
				t->no_memory = true;
			else if (len > 0)
				memcpy(copy, key.data, len);
		} else if (parse_key_is(p, "d")) {
			parse_begin(p, '[');
			while (parse_element(p)) {
				if (m == t->nmeasures) {
					p->wrong = true;
					break;
				}
				read_dist(p, &read.d[m++]);
			}
		} else {
			parse_skip(p);
		}
	}
	if (copy && !p->wrong)
		row = table_row(t, (struct tt_str){ copy, len });
	for (m = 0; row && m < t->nmeasures; m++)
		t->no_memory |= !dist_merge(&row->d[m], &read.d[m]);
	p->wrong |= !copy && !t->no_memory;
	row_release(&read);
	free(copy);
}

static void read_table(struct parse *p, struct stat_answer *a)
{
	struct stat_table *t = NULL;

	parse_begin(p, '{');
	while (parse_member(p)) {
		if (parse_key_is(p, "table")) {
			uint64_t i = parse_u64(p);

			t = i < NTABLES && a->tables[i].nmeasures > 0 ? &a->tables[i] : NULL;
		} else if (parse_key_is(p, "rows") && t) {
			parse_begin(p, '[');
			while (parse_element(p))
				read_row(p, t);
		} else {
			parse_skip(p);
		}
	}
}

struct line {
	char view[PARSE_KEY_SIZE], by[PARSE_KEY_SIZE];
	bool partial;
};

static void copy_word(char to[PARSE_KEY_SIZE], struct tt_str word)
{
	size_t n = word.len < PARSE_KEY_SIZE - 1 ? word.len : PARSE_KEY_SIZE - 1;

	if (n > 0)
		memcpy(to, word.data, n);
	to[n] = '\0';
}

static void read_line(struct parse *p, struct stat_answer *a, struct line *line)
{
	parse_begin(p, '{');
	while (parse_member(p)) {
		if (parse_key_is(p, "partial")) {
			line->partial = parse_u64(p) == 1;
		} else if (parse_key_is(p, "view")) {
			copy_word(line->view, parse_text(p));
		} else if (parse_key_is(p, "by")) {
			copy_word(line->by, parse_text(p));
		} else if (parse_key_is(p, "file")) {
			struct tt_str name = parse_text(p);

			free(a->file);
			a->file = strndup(name.data, name.len);
		} else if (parse_key_is(p, "status")) {
			a->status = parse_u64(p) == STATUS_FINE ? STATUS_FINE : STATUS_BAD;
		} else if (parse_key_is(p, "facts")) {
			read_facts(p, &a->facts);
		} else if (parse_key_is(p, "utilization") && a->ends.head.n == 0) {
			read_ends(p, &a->ends);
		} else if (parse_key_is(p, "tables")) {
			parse_begin(p, '[');
			while (parse_element(p))
				read_table(p, a);
		} else {
			parse_skip(p);
		}
	}
	/* (so that those of parts that adjoin do, too) */
	if (a->ends.head.n > 0)
		p->wrong |= a->ends.from_ns < a->facts.from_ns || a->ends.to_ns > a->facts.to_ns;
	a->opened = true;
}

/* ---- files */

/* All of a file in memory, or of standard input. */
static char *read_all(const char *path, size_t *n)
{
	bool named = strcmp(path, "-") != 0, has_room;
	FILE *f = named ? fopen(path, "rb") : stdin;
	char *text = NULL;
	size_t cap = 0, got;

	*n = 0;
	if (!f)
		return NULL;
	do {
		has_room = array_room(&text, &cap, *n + 65536, 1);
		got = has_room ? fread(text + *n, 1, 65536, f) : 0;
		*n += got;
	} while (got > 0);
	if (!has_room || ferror(f)) {
		free(text);
		text = NULL;
	}
	if (named)
		fclose(f);
	return text;
}

static int advise_partial(void)
{
	cmd_advise("Give --merge what `tracetool stat --partial` printed, with the same VIEW and --by.");
	return STATUS_TROUBLE;
}

static int check_line(const struct line *line, const struct stat_options *opt, const char *path,
		      const struct parse *p, const char *start)
{
	path = cmd_input_name(path);
	if (p->wrong || !line->partial)
		cmd_error(path, "offset %zu: no answer of --partial begins here",
			  (size_t)(p->at - start));
	else if (strcmp(line->view, opt->view->name) != 0)
		cmd_error(path, "the answer is of the view %s, not %s", line->view, opt->view->name);
	else if (strcmp(line->by, by_name((enum stat_by)opt->by)) != 0)
		cmd_error(path, "the rows are by %s, not %s", line->by, by_name((enum stat_by)opt->by));
	else
		return STATUS_FINE;
	return advise_partial();
}

static int merge_file(struct stat_files *f, const struct stat_options *opt, const char *path)
{
	size_t n;
	char *text = read_all(path, &n);
	struct parse p;
	int status = STATUS_FINE;

	if (!text) {
		cmd_error(path, "cannot be read");
		return STATUS_TROUBLE;
	}
	p = (struct parse){ .at = text, .end = text + n };
	while (status == STATUS_FINE && !parse_at_end(&p)) {
		struct stat_answer *a = files_add(f, opt, "");
		struct line line = { 0 };
		const char *start = p.at;

		if (!a) {
			status = STATUS_TROUBLE;
			break;
		}
		read_line(&p, a, &line);
		if (p.wrong)
			p.at = start;
		status = check_line(&line, opt, path, &p, text);
	}
	parse_release(&p);
	free(text);
	return status;
}

/* ---- parts of a trace */

static bool same_trace(const struct stat_answer *a, const struct stat_answer *b)
{
	return a->file && b->file && strcmp(a->file, b->file) == 0 &&
	       a->facts.start_ns == b->facts.start_ns && a->facts.end_ns == b->facts.end_ns;
}

static int by_part(const void *a, const void *b)
{
	const struct stat_answer *x = **(struct stat_answer **const *)a;
	const struct stat_answer *y = **(struct stat_answer **const *)b;
	int order = strcmp(x->file ? x->file : "", y->file ? y->file : "");

	if (order != 0)
		return order;
	if (x->facts.start_ns != y->facts.start_ns)
		return x->facts.start_ns < y->facts.start_ns ? -1 : 1;
	if (x->facts.from_ns != y->facts.from_ns)
		return x->facts.from_ns < y->facts.from_ns ? -1 : 1;
	return x < y ? -1 : x > y;
}

static bool is_part(const struct stat_answer *a)
{
	return a->facts.from_ns > a->facts.start_ns || a->facts.to_ns < a->facts.end_ns;
}

/* Parts of a trace that adjoin become one answer, in the place of the first. False: no memory. */
static bool join_parts(struct stat_files *f)
{
	struct stat_answer ***parts = calloc(f->n + 1, sizeof(*parts)), **whole = NULL;
	size_t n = 0;

	if (!parts)
		return false;
	for (size_t i = 0; i < f->n; i++) {
		if (is_part(f->answers[i]))
			parts[n++] = &f->answers[i];
	}
	qsort(parts, n, sizeof(*parts), by_part);
	for (size_t i = 0; i < n; i++) {
		if (!whole || !same_trace(*whole, *parts[i]) ||
		    (*whole)->facts.to_ns != (*parts[i])->facts.from_ns) {
			whole = parts[i];
			continue;
		}
		answer_append(*whole, *parts[i]);
		answer_release(*parts[i]);
		free(*parts[i]);
		*parts[i] = NULL;
	}
	free(parts);
	return true;
}

int merge_files(struct stat_files *f, const struct stat_options *opt, char *const *paths, size_t n)
{
	int status = STATUS_FINE;

	for (size_t i = 0; i < n && status == STATUS_FINE; i++)
		status = merge_file(f, opt, paths[i]);
	if (status == STATUS_FINE && f->n == 0) {
		cmd_error(n == 1 ? cmd_input_name(paths[0]) : NULL, "there is no answer of --partial to merge");
		status = advise_partial();
	}
	if (status == STATUS_FINE && !join_parts(f)) {
		cmd_error(NULL, "not enough memory for the statistics");
		status = STATUS_TROUBLE;
	}
	return status == STATUS_FINE ? files_sum(f) : status;
}
