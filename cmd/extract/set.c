/* SPDX-License-Identifier: MIT */
/* set.c - names, writes and lists the batches of one trace. Command layer. */
#include <errno.h>
#include <inttypes.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/units.h"
#include "set.h"
#include "tracetool_write.h"

/* ---- choosing */

/* "AllocFree", or "experiment-7" for one that no spec names. */
struct experiment_name {
	char text[32];
	const char *name;
};

static const char *name_of(struct experiment_name *n, const struct tt_specs *specs,
			   unsigned experiment)
{
	const struct tt_experiment_spec *spec = tt_specs_experiment_id(specs, experiment);

	snprintf(n->text, sizeof(n->text), "experiment-%u", experiment);
	n->name = spec ? spec->name : n->text;
	return n->name;
}

static bool is_called(const char *word, unsigned experiment, const struct tt_specs *specs)
{
	struct experiment_name n;
	uint64_t number;

	if (strcmp(word, name_of(&n, specs, experiment)) == 0 || strcmp(word, n.text) == 0)
		return true;
	return opt_u64(word, &number) == 0 && number == experiment;
}

bool batch_choice_experiment(const struct batch_choice *c, unsigned experiment,
			     const struct tt_specs *specs)
{
	for (size_t i = 0; i < c->experiments.n; i++) {
		if (is_called(c->experiments.items[i], experiment, specs))
			return true;
	}
	return c->experiments.n == 0;
}

/* ---- output */

static int output_failed(struct batch_output *o, const struct tt_error *err)
{
	bool is_stdout = strcmp(o->path, "-") == 0;

	o->unread = is_stdout && err->system_errno == EPIPE;
	if (!o->unread)
		cmd_report(is_stdout ? "standard output" : o->path, err);
	o->failed = true;
	return STATUS_TROUBLE;
}

static int output_open(struct batch_output *o)
{
	struct tt_error err;

	if (!o->output && tt_output_open(&o->output, o->path, &err) < 0)
		return output_failed(o, &err);
	return STATUS_FINE;
}

/* Whether a file of the output is read, too: then it says so. */
static bool is_read(struct batch_output *o, const char *name)
{
	if (!reads_have(o->reads, o->path, name))
		return false;
	cmd_error(NULL, "%s/%s is an input or a spec, and would be replaced: use another folder with -o",
		  o->path, name);
	o->failed = true;
	return true;
}

static int output_remove(struct batch_output *o, const char *name)
{
	struct tt_error err;

	if (is_read(o, name) || output_open(o) != STATUS_FINE)
		return STATUS_TROUBLE;
	if (tt_output_remove(o->output, name, &err) < 0)
		return output_failed(o, &err);
	return STATUS_FINE;
}

static int output_add(struct batch_output *o, const char *name, const void *data, size_t nbytes)
{
	struct tt_error err;

	if (is_read(o, name) || output_open(o) != STATUS_FINE)
		return STATUS_TROUBLE;
	if (tt_output_add(o->output, name, data, nbytes, &err) < 0)
		return output_failed(o, &err);
	return STATUS_FINE;
}

int batch_output_finish(struct batch_output *o)
{
	struct tt_error err;

	if (o->output && tt_output_finish(o->output, &err) < 0)
		return output_failed(o, &err);
	return STATUS_FINE;
}

void batch_output_release(struct batch_output *o)
{
	tt_output_close(o->output);
	free(o->path);
	o->output = NULL;
	o->path = NULL;
}

/* ---- naming */

void batch_set_init(struct batch_set *s, const struct batch_choice *choice,
		    struct batch_output *output)
{
	*s = (struct batch_set){ .choice = choice, .output = output };
	out_init_memory(&s->manifest);
}

void batch_set_name(struct batch_set *s, const char *trace, const char *folder)
{
	s->trace = trace;
	s->folder = folder;
}

void batch_set_release(struct batch_set *s)
{
	out_release_memory(&s->manifest);
}

int batch_set_no_memory(struct batch_set *s)
{
	cmd_error(NULL, "%s", strerror(ENOMEM));
	/* nothing in the output would say that it is not complete */
	s->failed = s->output->failed = true;
	return STATUS_TROUBLE;
}

/*
 * A number higher than all before it names one generation only. To any other number the
 * generation's place in the file is added, which no other generation has.
 */
void batch_set_folder(char *text, size_t size, const struct batch_set *s,
		      const struct tt_generation *g)
{
	uint64_t number = tt_generation_number(g);

	if (s->number_is_new)
		snprintf(text, size, "gen-%06" PRIu64, number);
	else
		snprintf(text, size, "gen-%06" PRIu64 "-%06" PRIu64, number,
			 tt_generation_ordinal(g));
}

/* The batch's path in the trace's folder, to be freed; NULL without memory. */
static char *name_batch(const char *generation, const char *experiment, uint64_t number,
			int64_t thread)
{
	char thread_name[24] = "none";
	char *path;

	if (thread != TT_NONE)
		snprintf(thread_name, sizeof(thread_name), "%" PRId64, thread);
	if (asprintf(&path, "%s/%s/%03" PRIu64 "-thread-%s.bin", generation, experiment, number,
		     thread_name) < 0)
		return NULL;
	return path;
}

/* A path in the output, to be freed; NULL without memory. */
static char *path_in_output(const struct batch_set *s, const char *path)
{
	char *whole;

	if (asprintf(&whole, "%s%s%s", s->folder, s->folder[0] == '\0' ? "" : "/", path) < 0)
		return NULL;
	return whole;
}

/* The manifest of an earlier run goes before the first file changes: whenever this run is
 * interrupted, no manifest says what is no longer true. */
static int remove_manifest(struct batch_set *s)
{
	char *whole = path_in_output(s, "manifest.json");
	int status;

	if (!whole)
		return batch_set_no_memory(s);
	status = output_remove(s->output, whole);
	free(whole);
	s->manifest_removed = status == STATUS_FINE;
	return status;
}

int batch_set_add_file(struct batch_set *s, const char *path, const void *data, size_t nbytes)
{
	char *whole = path_in_output(s, path);
	int status = STATUS_FINE;

	if (!whole)
		return batch_set_no_memory(s);
	if (!s->manifest_removed)
		status = remove_manifest(s);
	if (status == STATUS_FINE)
		status = output_add(s->output, whole, data, nbytes);
	free(whole);
	s->failed = status != STATUS_FINE;
	return status;
}

/* ---- manifest */

static void list_batch(struct batch_set *s, const char *path, const struct tt_batch *b,
		       const struct tt_generation *g)
{
	struct out *o = &s->manifest;
	struct experiment_name n;
	char sum[SHA256_DIGEST_STRING_LENGTH];
	char *p = out_begin(o);

	p = put_cstr(p, s->nbatches == 0 ? "\n  {" : ",\n  {");
	p = put_lit(p, "\"path\":");
	p = out_json(o, p, str_of(path));
	p = json_u64(p, "generation", b->generation);
	p = json_u64(p, "ordinal", tt_generation_ordinal(g));
	p = json_cstr(o, p, "experiment", name_of(&n, s->specs, b->experiment));
	p = json_u64(p, "experiment_id", b->experiment);
	p = json_id(p, "thread", b->thread);
	p = json_u64(p, "time_ticks", b->time_ticks);
	p = json_i64(p, "time_ns", tt_generation_ns(g, b->time_ticks));
	p = json_u64(p, "offset", b->offset);
	p = json_u64(p, "data_offset", b->data_offset);
	p = json_u64(p, "size", b->size);
	p = json_cstr(o, p, "sha256", SHA256Data(b->data, b->size, sum));
	out_end(o, put_char(p, '}'));
}

int batch_set_finish(struct batch_set *s)
{
	struct out *list = &s->manifest;
	struct out whole;
	char *p;
	int status;

	out_init_memory(&whole);
	p = put_lit(out_begin(&whole), "{\"trace\":");
	p = out_json(&whole, p, str_of(s->trace));
	p = json_bool(p, "complete", !s->damaged);
	p = put_lit(p, ",\n \"batches\":[");
	if (s->nbatches > 0)
		p = out_text(&whole, p, list->buffer, (size_t)(list->pos - list->buffer));
	out_end(&whole, put_lit(p, "]}\n"));
	if (out_failed(list) || out_failed(&whole))
		status = batch_set_no_memory(s);
	else
		status = batch_set_add_file(s, "manifest.json", whole.buffer,
				  (size_t)(whole.pos - whole.buffer));
	out_release_memory(&whole);
	return status;
}

/* ---- writing */

static int write_batch(struct batch_set *s, const struct tt_generation *g,
		       const struct tt_batch *b, uint64_t number)
{
	struct experiment_name n;
	char generation[64];
	char *path;
	int status;

	batch_set_folder(generation, sizeof(generation), s, g);
	path = name_batch(generation, name_of(&n, s->specs, b->experiment), number, b->thread);
	if (!path)
		return batch_set_no_memory(s);
	status = batch_set_add_file(s, path, b->data, b->size);
	if (status == STATUS_FINE) {
		list_batch(s, path, b, g);
		s->nbatches++;
		s->nbytes += b->size;
	}
	free(path);
	return status;
}

static int write_batches(struct batch_set *s, const struct tt_generation *g)
{
	uint64_t numbers[BATCH_EXPERIMENTS] = { 0 };

	for (size_t i = 0; i < tt_generation_nexperimental(g); i++) {
		struct tt_batch b = tt_generation_experimental_at(g, i);
		uint64_t number = numbers[b.experiment % BATCH_EXPERIMENTS]++;

		s->count[b.experiment % BATCH_EXPERIMENTS]++;
		if (!batch_choice_experiment(s->choice, b.experiment, s->specs))
			continue;
		if (write_batch(s, g, &b, number) != STATUS_FINE)
			return STATUS_TROUBLE;
	}
	return STATUS_FINE;
}

int batch_set_add(struct batch_set *s, const struct tt_generation *g)
{
	uint64_t number = tt_generation_number(g), before = s->nbatches;

	s->number_is_new = number > s->highest;
	if (s->number_is_new)
		s->highest = number;
	if (s->lowest == 0 || s->lowest > number)
		s->lowest = number;
	if (!generation_range_has(s->choice->generations, number))
		return STATUS_FINE;
	s->chosen_generation = true;
	if (write_batches(s, g) != STATUS_FINE)
		return STATUS_TROUBLE;
	s->ngenerations += s->nbatches > before;
	return STATUS_FINE;
}

/* ---- checking */

static bool has_experiment(const struct batch_set *s, const char *word)
{
	for (unsigned i = 0; i < BATCH_EXPERIMENTS; i++) {
		if (s->count[i] > 0 && is_called(word, i, s->specs))
			return true;
	}
	return false;
}

/* "AllocFree (1), 2 batches; experiment-7 (7), 1 batch", or "". */
static char *list_experiments(const struct batch_set *s)
{
	char *text = strdup("");

	for (unsigned i = 0; text && i < BATCH_EXPERIMENTS; i++) {
		struct experiment_name n;
		char *longer;

		if (s->count[i] == 0)
			continue;
		if (asprintf(&longer, "%s%s%s (%u), %" PRIu64 " batch%s", text,
			     text[0] == '\0' ? "" : "; ", name_of(&n, s->specs, i), i, s->count[i],
			     plural_es(s->count[i])) < 0)
			longer = NULL;
		free(text);
		text = longer;
	}
	return text;
}

static int check_generations(struct batch_set *s, const char *file)
{
	if (s->chosen_generation || generation_range_is_all(s->choice->generations))
		return STATUS_FINE;
	if (s->lowest == 0)
		cmd_error(file, "the trace has no generations");
	else
		cmd_error(file, "no such generation; the trace has %" PRIu64 " to %" PRIu64,
			  s->lowest, s->highest);
	return STATUS_BAD;
}

static int check_experiments(struct batch_set *s, const char *file)
{
	char *there = list_experiments(s);
	int status = STATUS_FINE;

	if (!there)
		return batch_set_no_memory(s);
	for (size_t i = 0; i < s->choice->experiments.n; i++) {
		const char *word = s->choice->experiments.items[i];

		if (has_experiment(s, word))
			continue;
		cmd_error(file, "no batch of experiment %s%s; %s%s", word,
			  generation_range_is_all(s->choice->generations) ? ""
									  : " in these generations",
			  there[0] == '\0' ? "the trace has no batches" : "the trace has: ", there);
		status = STATUS_BAD;
	}
	free(there);
	return status;
}

int batch_set_check(struct batch_set *s, const char *file)
{
	int status = check_generations(s, file);

	if (status == STATUS_FINE)
		status = check_experiments(s, file);
	s->asked_found = status == STATUS_FINE;
	return status;
}
