/* SPDX-License-Identifier: MIT */
/*
 * worth.c - what a summary says is worth a look: findings (findings.c), each with the time and
 * commands that show the events there, or as JSON. Command layer.
 */
#include "worth.h"

#include <stdio.h>
#include <string.h>

#include "cli/csv.h"
#include "cli/json.h"
#include "cli/screen.h"
#include "cli/units.h"

/* So many are printed. */
enum { WORTH_MOST = 20 };

/* ---- commands */

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

/* A command that shows the time of the finding, ready to be pasted, or the time alone. */
static char *put_dump(const struct summary *s, char *p, const struct finding *x)
{
	int64_t from = x->at_ns - s->a->facts.start_ns;

	if (!has_name(s))
		return put_char(put_at(s, p, x->at_ns), '\n');
	p = put_seconds(put_lit(p, ":\n    tracetool dump --from "), from > 0 ? from : 0);
	p = put_lit(put_seconds(put_lit(p, "s --to "), from + x->ns), "s");
	/* (of a lock or pool, what the others do matters, too) */
	if (x->id != TT_NONE && x->kind != FINDING_LOCK && x->kind != FINDING_POOL)
		p = put_i64(put_lit(p, " -G "), x->id);
	return put_char(out_room(s->o, put_file(s, out_room(s->o, p))), '\n');
}

/* The view that says more; NULL: none does. */
static const char *view_of(const struct finding *x)
{
	switch (x->kind) {
	case FINDING_LOCK:
		return "holders";
	case FINDING_POOL:
		return "blocks --by waker";
	case FINDING_QUEUE:
		return x->reason.data[0] == 'c' ? "blocks --by waker" : "locks --by stack";
	case FINDING_COLLECTOR:
		return "gc --by site";
	case FINDING_SYSCALL:
		return "syscalls --by stack";
	case FINDING_RUNNABLE:
		/* who ran instead */
		return "goroutines --sort running";
	case FINDING_GROWTH:
		return "blocks --by stack";
	case FINDING_PAUSE:
		break;
	}
	return NULL;
}

static char *put_view(const struct summary *s, char *p, const struct finding *x)
{
	const char *view = view_of(x);

	if (!view || !has_name(s))
		return p;
	p = put_cstr(put_lit(p, "    tracetool stat "), view);
	return put_char(out_room(s->o, put_file(s, p)), '\n');
}

/* ---- text */

static struct tt_str str_of_out(const struct out *text)
{
	return (struct tt_str){ text->buffer, (size_t)(text->pos - text->buffer) };
}

static void release_sentence(struct out *o, struct out *text)
{
	if (out_failed(text))
		o->error = text->error;
	out_release_memory(text);
}

/* The sentence in lines that the screen has room for, with the colon after it. */
static char *put_lines(struct out *o, char *p, struct tt_str rest, size_t width)
{
	size_t used = 1;        /* of the line: a blank less than the indent */
	size_t shown;

	p = put_char(p, ' ');
	while (rest.len > 0) {
		const char *end = memchr(rest.data, '\n', rest.len);
		size_t n = end ? (size_t)(end - rest.data) : rest.len;
		size_t fits = screen_break_name((struct tt_str){ rest.data, n }, width - 5);

		if (used > 1 && used + 1 + n + 1 > width) {
			p = put_lit(p, "\n   ");
			used = 3;
		}
		if (used + 1 + n + 1 > width && fits < n) {
			n = fits;
			end = NULL;
		}
		shown = n > 0 && rest.data[n - 1] == ' ' ? n - 1 : n;
		p = out_room(o, out_text(o, put_char(p, ' '), rest.data, shown));
		used += 1 + n;
		n += end != NULL;
		rest = (struct tt_str){ rest.data + n, rest.len - n };
	}
	return p;
}

static void print_finding(const struct summary *s, const struct finding *x, size_t width)
{
	struct summary of_file = *s;
	struct out text;
	char *p = out_begin(s->o);

	of_file.a = x->a;
	finding_text(&text, x);
	p = put_lines(s->o, p, str_of_out(&text), width);
	release_sentence(s->o, &text);
	p = put_dump(&of_file, p, x);
	out_end(s->o, put_view(&of_file, out_room(s->o, p), x));
}

void worth_text(const struct summary *s, const struct findings *f, size_t width)
{
	size_t n = f->n < WORTH_MOST ? f->n : WORTH_MOST;
	char *p;

	if (n > 0)
		out_end(s->o, put_lit(out_begin(s->o), "worth a look\n"));
	for (size_t i = 0; i < n; i++)
		print_finding(s, &f->at[i], width);
	if (f->n > n) {
		p = put_u64(put_lit(out_begin(s->o), "  ... and "), f->n - n);
		out_end(s->o, put_lit(p, " more: `tracetool stat FILE` shows those of one file\n"));
	}
}

/* ---- JSON, CSV */

/* On one line. */
static struct tt_str sentence(struct out *text, const struct finding *x)
{
	finding_text(text, x);
	for (char *c = text->buffer; c < text->pos; c++)
		*c = *c == '\n' ? ' ' : *c;
	return str_of_out(text);
}

static char *put_sentence(struct out *o, char *p, const struct finding *x)
{
	struct out text;

	p = json_str(o, p, "text", sentence(&text, x));
	release_sentence(o, &text);
	return p;
}

static char *put_name(struct out *o, char *p, const char *key, struct tt_str name)
{
	return out_room(o, name.len == 0 ? json_null(p, key) : json_str(o, p, key, name));
}

static char *put_finding(struct out *o, char *p, const struct finding *x, bool of_files)
{
	p = json_open(p, "kind", finding_name(x));
	p = put_sentence(o, p, x);
	if (of_files)
		p = json_str(o, out_room(o, p), "file", str_of(x->a->file));
	p = out_room(o, p);
	p += sprintf(p, ",\"lost\":%.6g", x->lost);
	p = put_name(o, p, "name", x->name);
	p = put_name(o, p, "holder", x->holder);
	p = json_u64(json_u64(p, "count", x->n), "total_ns", x->total_ns);
	p = json_i64(json_i64(p, "time_ns", x->at_ns), "dur_ns", x->ns);
	return put_char(json_id(p, "goroutine", x->id), '}');
}

char *worth_json(struct out *o, char *p, const struct findings *f, bool of_files)
{
	p = put_char(json_key(p, "findings"), '[');
	for (size_t i = 0; i < f->n; i++) {
		p = i > 0 ? put_char(p, ',') : p;
		p = out_room(o, put_finding(o, p, &f->at[i], of_files));
	}
	return put_char(p, ']');
}

char *worth_csv(struct out *o, char *p, const struct findings *f)
{
	struct out text;

	p = put_char(put_u64(put_char(out_room(o, p), ','), f->n), ',');
	if (f->n == 0)
		return p;
	p = out_room(o, csv_escaped(o, p, sentence(&text, &f->at[0])));
	release_sentence(o, &text);
	return p;
}
