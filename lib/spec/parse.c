/* SPDX-License-Identifier: MIT */
/*
 * parse.c - reads the text of a spec file, a clause a line. Each clause is a row
 * of a table; a new one is a row and a function. Stands on base.
 */
#include "spec/parse.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* -------------------------------------------------------------- experiment */

static void read_experiment(struct tt_spec_parser *p)
{
	struct tt_spec_file *file = p->file;
	struct tt_spec_position name_at, id_at;
	const char *name;
	int id;

	if (p->has_experiment) {
		tt_spec_report(p, 1, "clause-twice",
			       "a second `experiment`: a file has only one; move this one to a "
			       "file of its own");
		return;
	}
	p->has_experiment = true;
	p->in_experiment = true;
	name_at = tt_spec_here(p);
	name = tt_spec_take_name(p, "the experiment's name");
	id_at = tt_spec_here(p);
	id = name != NULL ? tt_spec_take_number(p, "the experiment's id", 1, 255) : -1;
	if (id < 0)
		return;
	file->experiment = (struct tt_experiment_spec){(unsigned)id, name, ""};
	file->replaces = tt_spec_accept(p, "replaces");
	if (tt_spec_done(p))
		tt_spec_check_experiment(p, name_at, id_at);
}

/* ------------------------------------------------------------------- event */

static const struct tt_spec_event empty_event = {
	.def =
		{
			.spec = {.doc = "",
				 .stack_arg = -1,
				 .range = {.id_arg = -1, .key_arg = -1}},
			.thread_arg = -1,
			.proc_arg = -1,
			.goroutine_arg = -1,
			.view =
				{
					.id_arg = -1,
					.to_arg = -1,
					.reason_arg = -1,
					.stack_arg = -1,
					.kind_arg = -1,
					.args = {-1, -1, -1},
				},
		},
};

static void end_event(struct tt_spec_parser *p)
{
	struct tt_spec_event *event = p->event;

	p->event = NULL;
	p->resource = NULL;
	p->in_experiment = false;
	if (event != NULL)
		tt_spec_check_event(p, event);
	tt_spec_end_batch(p);
	tt_spec_end_values(p);
}

/* Clauses that follow belong to a new event, whatever its line says. */
static void begin_event(struct tt_spec_parser *p)
{
	struct tt_spec_file *file = p->file;
	void *array = file->events;

	end_event(p);
	if (file->nevents == TT_SPEC_MAX_EVENTS) {
		tt_spec_report(p, 1, "too-many",
			       "more events than there are types (%d): reading stops here",
			       TT_SPEC_MAX_TYPE);
		p->stop = true;
		return;
	}
	if (!tt_mem_grow(p->mem, &array, &file->cap, file->nevents + 1,
			 sizeof(*file->events))) {
		p->out_of_memory = true;
		p->stop = true;
		return;
	}
	file->events = array;
	p->event = &file->events[file->nevents++];
	*p->event = empty_event;
	p->event->name_at = p->event->type_at = (struct tt_spec_position){p->line.number, 1};
	p->event->def.spec.experiment = file->experiment.name;
	p->event->def.spec.experiment_id = file->experiment.id;
}

static unsigned take_version(struct tt_spec_parser *p)
{
	const struct tt_spec_word *word = tt_spec_take(p, "a version");
	unsigned value;

	if (word == NULL)
		return 0;
	if (!word->quoted && strncmp(word->text, "1.", 2) == 0 &&
	    tt_spec_number(word->text + 2, 999, &value) &&
	    (tt_version_is_v2(value) || (p->specs == NULL && tt_version_is_v1(value))))
		return value;
	tt_spec_report(p, word->column, "bad-version",
		       "expected a header version, 1.22, 1.23, 1.25 or 1.26, found `%.40s` "
		       "(Go 1.24 writes 1.23, Go 1.27 writes 1.26)",
		       word->text);
	return 0;
}

static int take_type(struct tt_spec_parser *p)
{
	if (p->has_experiment)
		return tt_spec_take_number(p, "the type of an experiment's event",
					   TT_SPEC_MIN_EXPERIMENTAL, TT_SPEC_MAX_TYPE);
	if (p->specs != NULL && p->file->nevents == 1)
		tt_spec_report(p, 1, "no-experiment",
			       "the event belongs to no experiment; write `experiment NAME ID` "
			       "before the first event");
	return tt_spec_take_number(p, "the event's type", 1,
				   p->specs != NULL ? TT_SPEC_MAX_TYPE
						    : TT_SPEC_MIN_EXPERIMENTAL - 1);
}

static bool take_since(struct tt_spec_parser *p, struct tt_event_spec *spec)
{
	static const char *const since[] = {"since"};
	const struct tt_spec_word *word;

	if (!tt_spec_accept(p, "since")) {
		word = tt_spec_take(p, "`since`");
		if (word != NULL)
			tt_spec_unknown(p, word, "word", since, COUNT(since));
		return false;
	}
	spec->since = take_version(p);
	return spec->since != 0;
}

static void read_event(struct tt_spec_parser *p)
{
	struct tt_spec_event *event = p->event;
	struct tt_event_spec *spec;
	int type;

	if (event == NULL)
		return;
	spec = &event->def.spec;
	event->name_at = tt_spec_here(p);
	spec->name = tt_spec_take_name(p, "the event's name");
	if (spec->name == NULL)
		return;
	event->type_at = tt_spec_here(p);
	type = take_type(p);
	if (type < 0)
		return;
	spec->type = (uint8_t)type;
	if (!take_since(p, spec))
		return;
	event->replaces = tt_spec_accept(p, "replaces");
	if (tt_spec_done(p))
		tt_spec_check_clash(p, event);
}

/* --------------------------------------------------------------------- doc */

static void read_doc(struct tt_spec_parser *p)
{
	const struct tt_spec_word *word = tt_spec_take(p, "a text");

	if (word == NULL)
		return;
	if (p->event != NULL)
		p->event->def.spec.doc = word->text;
	else if (p->batch != NULL)
		p->batch->spec.doc = word->text;
	else if (p->resource != NULL)
		p->resource->spec.doc = word->text;
	else if (p->values != NULL)
		p->values->spec.doc = word->text;
	else
		p->file->experiment.doc = word->text;
}

/* -------------------------------------------------------------------- pair */

static void read_pair(struct tt_spec_parser *p)
{
	p->event->pair_at = tt_spec_here(p);
	p->event->pair_name = tt_spec_take_name(p, "the event that begins what this one ends");
	if (p->event->pair_name != NULL && !tt_spec_done(p))
		p->event->pair_name = NULL;
}

/* ------------------------------------------------------------------- shows */

static void read_shows(struct tt_spec_parser *p)
{
	if (p->batch != NULL)
		tt_spec_read_shown(p);
	else
		tt_spec_read_shows(p);
}

/* ------------------------------------------------------------------- means */

static void read_means(struct tt_spec_parser *p)
{
	if (p->batch != NULL)
		tt_spec_read_field_means(p);
	else
		tt_spec_read_means(p);
}

/* ----------------------------------------------------------------- clauses */

enum place {
	AT_TOP = 1 << 0,
	IN_EXPERIMENT = 1 << 1,
	IN_EVENT = 1 << 2,
	IN_BATCH = 1 << 3,
	IN_RESOURCE = 1 << 4,
	IN_RECORD = 1 << 5,
	IN_VALUES = 1 << 6,
	/* where another block of an experiment may begin */
	IN_BLOCK = IN_EXPERIMENT | IN_BATCH | IN_RESOURCE | IN_RECORD | IN_VALUES,
};

static const struct clause {
	const char *word;
	unsigned places;
	bool repeats;
	void (*read)(struct tt_spec_parser *p);
	const char *usage;
} clauses[TT_CLAUSE_COUNT] = {
	[TT_CLAUSE_EXPERIMENT] = {"experiment", AT_TOP | IN_EXPERIMENT, true, read_experiment,
				  "`experiment NAME ID [replaces]`"},
	[TT_CLAUSE_EVENT] = {"event", AT_TOP | IN_BLOCK | IN_EVENT, true,
			     read_event, "`event NAME TYPE since 1.NN [replaces]`"},
	[TT_CLAUSE_DOC] = {"doc", IN_BLOCK | IN_EVENT, false, read_doc,
			   "`doc TEXT`"},
	[TT_CLAUSE_ARGS] = {"args", IN_EVENT, false, tt_spec_read_args, "`args dt NAME...`"},
	[TT_CLAUSE_NEEDS] = {"needs", IN_EVENT, false, tt_spec_read_needs,
			     "`needs nothing` or some of `thread, proc, goroutine`"},
	[TT_CLAUSE_PAIR] = {"pair", IN_EVENT, false, read_pair, "`pair EVENT`"},
	[TT_CLAUSE_SHOWS] = {"shows", IN_EVENT | IN_BATCH, false, read_shows, "`shows KIND ...`"},
	[TT_CLAUSE_GIVES] = {"gives", IN_EVENT, true, tt_spec_read_gives,
			     "`gives \"TEXT\" ARGUMENT`"},
	[TT_CLAUSE_REFERS] = {"refers", IN_EVENT, true, tt_spec_read_refers,
			      "`refers ARGUMENT BATCH`"},
	[TT_CLAUSE_SCALES] = {"scales", IN_EVENT, true, tt_spec_read_scales,
			      "`scales ARGUMENT [BATCH] BASE UNIT`"},
	[TT_CLAUSE_BATCH] = {"batch", IN_BLOCK, true, tt_spec_read_batch,
			     "`batch NAME only|tag N [once] [lasts]`"},
	[TT_CLAUSE_FIELD] = {"field", IN_BATCH | IN_RECORD, true, tt_spec_read_field,
			     "`field NAME [list [COUNT] of] TYPE [if CONDITION] [key]`"},
	[TT_CLAUSE_RECORD] = {"record", IN_BLOCK, true, tt_spec_read_record, "`record NAME`"},
	[TT_CLAUSE_ENUM] = {"enum", IN_BLOCK, true, tt_spec_read_enum, "`enum NAME`"},
	[TT_CLAUSE_FLAGS] = {"flags", IN_BLOCK, true, tt_spec_read_flags, "`flags NAME`"},
	[TT_CLAUSE_VALUE] = {"value", IN_VALUES, true, tt_spec_read_value, "`value NAME NUMBER`"},
	[TT_CLAUSE_MEANS] = {"means", IN_EVENT | IN_BATCH | IN_RECORD, true, read_means,
			     "`means ARGUMENT FORM`"},
	[TT_CLAUSE_ORDERS] = {"orders", IN_EVENT, true, tt_spec_read_orders,
			      "`orders ARGUMENT|SCOPE SEQ [creates|destroys|restates] [continues]`"},
	[TT_CLAUSE_RESOURCE] = {"resource", IN_BLOCK, true, tt_spec_read_resource,
				"`resource NAME [of EXPERIMENT]`"},
	[TT_CLAUSE_NAMES] = {"names", IN_RESOURCE, false, tt_spec_read_names,
			     "`names ARGUMENT...`"},
	[TT_CLAUSE_STATES] = {"states", IN_RESOURCE, false, tt_spec_read_states,
			      "`states NAME...`"},
	[TT_CLAUSE_UNKNOWN] = {"unknown", IN_RESOURCE, false, tt_spec_read_unknown,
			       "`unknown error|warning|nothing`"},
	[TT_CLAUSE_MISUSE] = {"misuse", IN_RESOURCE, false, tt_spec_read_misuse,
			      "`misuse error|warning`"},
	[TT_CLAUSE_REUSED] = {"reused", IN_RESOURCE, false, tt_spec_read_reused, "`reused`"},
	[TT_CLAUSE_CREATES] = {"creates", IN_EVENT, true, tt_spec_read_creates,
			       "`creates ARGUMENT [-> STATE]`"},
	[TT_CLAUSE_USES] = {"uses", IN_EVENT, true, tt_spec_read_uses,
			    "`uses ARGUMENT [STATE, ...] [-> STATE [if ARGUMENT else STATE]]`"},
	[TT_CLAUSE_DESTROYS] = {"destroys", IN_EVENT, true, tt_spec_read_destroys,
				"`destroys ARGUMENT [STATE, ...]`"},
	[TT_CLAUSE_RESTATES] = {"restates", IN_EVENT, true, tt_spec_read_restates,
				"`restates ARGUMENT [-> STATE]`"},
	[TT_CLAUSE_RANGE] = {"range", IN_EVENT, false, tt_spec_read_range,
			     "`range begin|active|end SCOPE [WHICH] [by ARGUMENT] [nested]`"},
};

static const struct clause *find_clause(const struct tt_spec_word *word)
{
	size_t i;

	for (i = 0; i < COUNT(clauses) && !word->quoted; i++)
		if (clauses[i].word[0] == word->text[0] &&
		    strcmp(clauses[i].word, word->text) == 0)
			return &clauses[i];
	return NULL;
}

static void unknown_clause(struct tt_spec_parser *p)
{
	const char *words[COUNT(clauses)];
	size_t i;

	for (i = 0; i < COUNT(clauses); i++)
		words[i] = clauses[i].word;
	tt_spec_unknown(p, &p->line.words[0], "clause", words, COUNT(words));
}

static const char *right_place(const struct clause *clause)
{
	if (clause == &clauses[TT_CLAUSE_EXPERIMENT])
		return "it must come before the first event";
	switch (clause->places & ~(unsigned)IN_EXPERIMENT) {
	case IN_BLOCK & ~IN_EXPERIMENT:
		return "it belongs to an experiment; begin one with `experiment`";
	case IN_BATCH | IN_RECORD:
		return "it belongs to a batch; begin one with `batch`";
	case IN_RESOURCE:
		return "it belongs to a resource; begin one with `resource`";
	case IN_VALUES:
		return "it belongs to a list of values; begin one with `enum` or `flags`";
	default:
		return "it belongs to an event; begin one with `event`";
	}
}

/* Which block the lines belong to, and which of its clauses were seen. */
static enum place find_place(struct tt_spec_parser *p, unsigned **seen)
{
	if (p->event != NULL) {
		*seen = &p->event->clauses;
		return IN_EVENT;
	}
	if (p->batch != NULL) {
		*seen = &p->batch->clauses;
		return p->batch->spec.part ? IN_RECORD : IN_BATCH;
	}
	if (p->resource != NULL) {
		*seen = &p->resource->clauses;
		return IN_RESOURCE;
	}
	if (p->values != NULL) {
		*seen = &p->values->clauses;
		return IN_VALUES;
	}
	*seen = &p->clauses;
	return p->in_experiment ? IN_EXPERIMENT : AT_TOP;
}

/* Whether the clause is allowed here; a mistake if not. */
static bool in_place(struct tt_spec_parser *p, const struct clause *clause)
{
	unsigned column = p->line.words[0].column;
	unsigned bit = 1u << (clause - clauses);
	unsigned *seen;

	if ((clause->places & find_place(p, &seen)) == 0) {
		tt_spec_report(p, column, "out-of-place", "`%s` is not allowed here: %s",
			       clause->word, right_place(clause));
		return false;
	}
	if ((*seen & bit) != 0 && !clause->repeats) {
		tt_spec_report(p, column, "clause-twice", "a second `%s`: write it once",
			       clause->word);
		return false;
	}
	*seen |= bit;
	return true;
}

/* A line that begins an event or another block, whatever else it says. */
static void begin_block(struct tt_spec_parser *p, const struct clause *clause)
{
	if (clause == &clauses[TT_CLAUSE_EVENT])
		begin_event(p);
	if (clause == NULL || clause->places != IN_BLOCK || !p->has_experiment)
		return;
	end_event(p);
	if (clause == &clauses[TT_CLAUSE_RESOURCE])
		tt_spec_begin_resource(p);
	else if (clause == &clauses[TT_CLAUSE_BATCH] || clause == &clauses[TT_CLAUSE_RECORD])
		tt_spec_begin_batch(p, clause == &clauses[TT_CLAUSE_RECORD]);
	else
		tt_spec_begin_values(p);
}

static void read_line(struct tt_spec_parser *p)
{
	const struct clause *clause;

	if (p->line.nwords == 0 && p->line.rule == NULL)
		return;
	clause = p->line.nwords > 0 ? find_clause(&p->line.words[0]) : NULL;
	begin_block(p, clause);
	if (p->stop)
		return;
	if (p->line.rule != NULL) {
		tt_spec_report(p, p->line.problem_column, p->line.rule, "%s", p->line.problem);
		if (clause == &clauses[TT_CLAUSE_ARGS] && p->event != NULL)
			p->event->args_broken = true;
		return;
	}
	if (clause == NULL) {
		unknown_clause(p);
		return;
	}
	p->next = 1;
	p->usage = clause->usage;
	if (in_place(p, clause))
		clause->read(p);
}

/* -------------------------------------------------------------------- file */

static void read_lines(struct tt_spec_parser *p, char *text, size_t len)
{
	char *end = text + len;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3; /* a byte order mark, as some editors write it */
	while (text < end && !p->stop) {
		char *stop = memchr(text, '\n', (size_t)(end - text));

		if (stop == NULL)
			stop = end;
		p->line.number++;
		tt_spec_split(&p->line, text, (size_t)(stop - text), "doc");
		read_line(p);
		text = stop < end ? stop + 1 : end;
	}
	end_event(p);
}

int tt_spec_parse(struct tt_spec_file *file, const struct tt_specs *specs, struct tt_str text,
		  unsigned renewed, struct tt_spec_mistakes *mistakes)
{
	struct tt_spec_parser p = {
		.mem = mistakes->mem,
		.specs = specs,
		.file = file,
		.mistakes = mistakes,
		.renewed = renewed,
	};

	file->renewed = renewed;

	file->text_size = 2 * text.len + 1;
	file->text = tt_mem_alloc(p.mem, file->text_size);
	if (file->text == NULL)
		return -TT_E_MEMORY;
	if (text.len > 0)
		memcpy(file->text, text.data, text.len);
	file->text[text.len] = '\0';
	if (text.len > 0)
		memcpy(file->text + text.len + 1, text.data, text.len);
	file->source = (struct tt_str){file->text + text.len + 1, text.len};
	read_lines(&p, file->text, text.len);
	if (!p.stop)
		tt_spec_check_file(&p);
	return p.out_of_memory || mistakes->out_of_memory ? -TT_E_MEMORY : 0;
}

void tt_spec_file_release(struct tt_spec_file *file, struct tt_mem *mem)
{
	tt_mem_free(mem, file->text, file->text_size);
	tt_mem_free(mem, file->events, file->cap * sizeof(*file->events));
	tt_mem_free(mem, file->batches, file->batch_cap * sizeof(*file->batches));
	tt_mem_free(mem, file->elements, file->element_cap * sizeof(*file->elements));
	tt_mem_free(mem, file->values, file->values_cap * sizeof(*file->values));
	tt_mem_free(mem, file->named, file->named_cap * sizeof(*file->named));
	tt_mem_free(mem, file->resources, file->resource_cap * sizeof(*file->resources));
}
